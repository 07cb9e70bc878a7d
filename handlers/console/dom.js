// Elements, and how figures are written.

/// An element: `el('td', { class: 'number', onclick }, 'text', child)`. Nothing is ever read as HTML.
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key === 'value') element.value = value;
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const by_id = (id) => document.getElementById(id);

/// Sets the text only where it has changed: a selection in it stays.
export function set_text(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/// As many children as there are `items`, each the same element for the same key from one time to the next.
export function keyed(parent, items, key_of, make, update) {
  const old = new Map(Array.from(parent.children, (child) => [child.dataset.key, child]));
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = String(key_of(item));
    let child = old.get(key);
    if (child) {
      old.delete(key);
    } else {
      child = make(item);
      child.dataset.key = key;
    }
    if (child === next) next = next.nextElementSibling;
    else parent.insertBefore(child, next);
    update(child, item);
  }
  for (const child of old.values()) child.remove();
}

export const count = (number) => Math.round(number).toLocaleString('en');

/// `1 item`, `2,000 items`
export const many = (number, word) => `${count(number)} ${word}${number === 1 ? '' : 's'}`;

/// `0`, `0.5`, `12`, `1,234`, `18.1 M`
export function figure(number) {
  if (number === null || number === undefined) return '–';
  if (number >= 1e9) return (number / 1e9).toFixed(1) + ' G';
  if (number >= 1e6) return (number / 1e6).toFixed(1) + ' M';
  if (number >= 1e4) return (number / 1e3).toFixed(1) + ' k';
  if (number >= 10 || Number.isInteger(number)) return count(number);
  return number.toFixed(1);
}

export function bytes(number) {
  if (number === null || number === undefined) return '–';
  for (const [size, unit] of [
    [2 ** 30, 'GiB'],
    [2 ** 20, 'MiB'],
    [2 ** 10, 'KiB'],
  ]) {
    if (number >= size) return (number / size).toFixed(number >= 100 * size ? 0 : 1) + ' ' + unit;
  }
  return Math.round(number) + ' B';
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 1) return Math.round(seconds * 1000) + ' ms';
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + ' s';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export const clock = (time) =>
  new Date(time).toLocaleTimeString('en-GB', { hour12: false }) +
  '.' +
  String(new Date(time).getMilliseconds()).padStart(3, '0');

/// A button that copies what `text()` gives.
export function copy_button(text) {
  const button = el('button', { type: 'button', class: 'small' }, 'Copy');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Not allowed';
    }
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1500);
  });
  return button;
}
