// What is said to a topic.
import { publish } from './api.js';
import { el, set_text } from './dom.js';

/// `topic.url()` is where it is published, `topic.token()` the token for that.
export function publisher(topic) {
  const text = el('textarea', {
    id: 'publish',
    rows: '4',
    spellcheck: 'false',
    'aria-label': 'What is published',
    placeholder: '{"text": "hello"}',
  });
  const types = [
    ['application/json', 'JSON'],
    ['text/plain', 'text'],
  ].map(([value, name]) => el('option', { value }, name));
  const type = el('select', { id: 'publish-type', 'aria-label': 'As what it is published' }, ...types);
  const said = el('p', { class: 'hint', id: 'published', role: 'status' });
  const send = async () => {
    try {
      const { id } = await publish(topic.url(), text.value, type.value, topic.token());
      set_text(said, `published as ${id}`);
    } catch (error) {
      set_text(said, error.message);
    }
  };
  const button = el('button', { type: 'button', class: 'primary', id: 'publish-now', onclick: send }, 'Publish');
  return el(
    'section',
    { class: 'card' },
    el('h3', {}, 'Publish'),
    text,
    el('div', { class: 'bar' }, type, button, said),
  );
}
