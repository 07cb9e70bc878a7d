// A peer: Go's net/http with gorilla/websocket, written the ordinary way.
//
//	go_server PORT FILE
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

type item struct {
	I  uint64 `json:"i"`
	Ts int64  `json:"ts"`
}

type endpoint struct {
	interval time.Duration
	count    uint64 // 0: without end
}

var upgrader = websocket.Upgrader{}

// items calls yield with every item, when it is due, until the end or until yield says no.
func (e endpoint) items(gone <-chan struct{}, yield func(item) bool) {
	start := time.Now()
	for i := uint64(0); e.count == 0 || i < e.count; i++ {
		due := time.Now()
		if e.interval > 0 {
			due = start.Add(time.Duration(i) * e.interval)
			select {
			case <-time.After(time.Until(due)):
			case <-gone:
				return
			}
		}
		if !yield(item{i, due.UnixNano()}) {
			return
		}
	}
}

func (e endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		e.messages(w, r)
		return
	}
	sse := r.FormValue("format") == "sse"
	if sse {
		w.Header().Set("Content-Type", "text/event-stream")
	} else {
		w.Header().Set("Content-Type", "application/x-ndjson")
	}
	encoder := json.NewEncoder(w)
	e.items(r.Context().Done(), func(one item) bool {
		if sse {
			io.WriteString(w, "data: ")
		}
		if encoder.Encode(one) != nil {
			return false
		}
		if sse {
			io.WriteString(w, "\n")
		}
		if e.interval > 0 {
			w.(http.Flusher).Flush()
		}
		return true
	})
}

func (e endpoint) messages(w http.ResponseWriter, r *http.Request) {
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer socket.Close()
	e.items(nil, func(one item) bool { return socket.WriteJSON(one) == nil })
}

// fan says one item to all who listen: each has a channel and a goroutine of its own. One that is too slow misses items.
type fan struct {
	endpoint
	once      sync.Once
	mutex     sync.Mutex
	listeners map[chan []byte]bool
}

func (f *fan) run() {
	f.items(nil, func(one item) bool {
		text, _ := json.Marshal(one)
		f.mutex.Lock()
		for listener := range f.listeners {
			if f.interval == 0 {
				listener <- text
				continue
			}
			select {
			case listener <- text:
			default:
			}
		}
		f.mutex.Unlock()
		return true
	})
}

func (f *fan) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	listener := make(chan []byte, 256)
	f.once.Do(func() { go f.run() })
	send := func(text []byte) error {
		_, err := fmt.Fprintf(w, "data: %s\n\n", text)
		w.(http.Flusher).Flush()
		return err
	}
	if websocket.IsWebSocketUpgrade(r) {
		socket, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer socket.Close()
		send = func(text []byte) error { return socket.WriteMessage(websocket.TextMessage, text) }
	} else {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
	}
	f.mutex.Lock()
	f.listeners[listener] = true
	f.mutex.Unlock()
	for text := range listener {
		if send(text) != nil {
			break
		}
	}
	go func() {
		for range listener {
		}
	}()
	f.mutex.Lock()
	delete(f.listeners, listener)
	f.mutex.Unlock()
	close(listener)
}

func newFan(interval time.Duration) *fan {
	return &fan{endpoint: endpoint{interval: interval}, listeners: map[chan []byte]bool{}}
}

// topic keeps the newest items that are published, and answers each with its id.
type topic struct {
	mutex sync.Mutex
	count uint64
	kept  [1000][]byte
}

func (t *topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(r.Body)
	if err != nil || !json.Valid(text) {
		http.Error(w, "this is no JSON", http.StatusUnprocessableEntity)
		return
	}
	t.mutex.Lock()
	id := t.count
	t.kept[id%uint64(len(t.kept))] = text
	t.count++
	t.mutex.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, "{\"id\":\"%d\"}\n", id)
}

func file(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		source, err := os.Open(path)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer source.Close()
		asText := r.FormValue("format") == "text"
		encoder := json.NewEncoder(w)
		lines := bufio.NewScanner(source)
		for lines.Scan() {
			if asText {
				_, err = w.Write(append(lines.Bytes(), '\n'))
			} else {
				err = encoder.Encode(lines.Text())
			}
			if err != nil {
				return
			}
		}
	}
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: go_server PORT FILE")
	}
	http.Handle("/ndjson", endpoint{})
	http.Handle("/ws", endpoint{})
	http.Handle("/short", endpoint{count: 10})
	http.Handle("/tick", endpoint{interval: time.Second})
	http.Handle("/quiet", endpoint{interval: time.Hour})
	http.Handle("/fan100", newFan(10*time.Millisecond))
	http.Handle("/fan1000", newFan(time.Millisecond))
	http.Handle("/fan", newFan(0))
	http.Handle("/fan-quiet", newFan(time.Hour))
	http.Handle("/publish", &topic{})
	http.Handle("/file", file(os.Args[2]))
	log.Fatal(http.ListenAndServe(strings.Join([]string{"127.0.0.1", os.Args[1]}, ":"), nil))
}
