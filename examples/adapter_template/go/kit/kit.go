// Package kit is the kit's protocol for an adapter in Go: JSON lines, the clock file, events. Copy it as it is.
//
// Nothing here is about your SDK: that is adapter.go. docs/reference/adapter-protocol.md describes the protocol.
package kit

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

// About holds the fields of "started": who the SDK is, and what it claims.
type About struct {
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Language     string   `json:"language"`
	Profile      string   `json:"profile"`
	Capabilities []string `json:"capabilities"`
	Operations   []string `json:"operations"`
	Clocks       []string `json:"clocks"`
}

// ClientSpec describes a client to create.
type ClientSpec struct {
	Name      string  `json:"name"`
	Kind      string  `json:"kind"` // "sampling", "training" or "model_creation"
	BaseModel string  `json:"base_model"`
	ModelPath *string `json:"model_path"` // nil: sample from the base model
}

// Driver drives the SDK in one scenario: what an adapter's author writes. The SDK is to hand the context that it is
// given on to its clock, logger and observer.
type Driver[Client any] interface {
	// Open is called once, before any client is created.
	Open(ctx context.Context) error
	CreateClient(ctx context.Context, spec ClientSpec) (Client, error)
	// Run submits an operation, and waits for its result; no longer than timeout, if that is not 0.
	Run(ctx context.Context, client Client, operation string, timeout time.Duration) error
	// OutcomeOf returns "failed", "expired", "timeout" or "error".
	OutcomeOf(err error) string
}

type futureSpec struct {
	Future    int      `json:"future"`
	Client    string   `json:"client"`
	Operation string   `json:"operation"`
	Timeout   *float64 `json:"timeout"`
}

type message struct {
	Type    string `json:"type"`
	ID      int    `json:"id"`
	BaseURL string `json:"base_url"`
	APIKey  string `json:"api_key"`
	Clock   struct {
		Path string `json:"path"`
	} `json:"clock"`
	Concurrent bool         `json:"concurrent"`
	Threads    bool         `json:"threads"`
	Stepwise   bool         `json:"stepwise"`
	Clients    []ClientSpec `json:"clients"`
	Futures    []futureSpec `json:"futures"`
	Future     int          `json:"future"` // of "go"
}

type fields map[string]any

var writing sync.Mutex

// say writes one line at once, so that the kit reads it before the SDK's next request.
func say(event fields) {
	line, err := json.Marshal(event)
	if err != nil {
		panic(err)
	}
	writing.Lock()
	defer writing.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

type futureKey struct{}

// who returns the future that a context belongs to, or nil during the set-up.
func who(ctx context.Context) *futureSpec {
	future, _ := ctx.Value(futureKey{}).(*futureSpec)
	return future
}

// FileClock is the clock that the kit moves: SEQ WALL_NANOSECONDS MONOTONIC_NANOSECONDS in a file.
type FileClock struct {
	path string
	run  int
}

func (c *FileClock) read() (seq, wall, monotonic int64) {
	text, err := os.ReadFile(c.path)
	if err == nil {
		_, err = fmt.Sscan(string(text), &seq, &wall, &monotonic)
	}
	if err != nil {
		panic(fmt.Errorf("the clock file cannot be read: %w", err))
	}
	return seq, wall, monotonic
}

// Wall returns the wall clock.
func (c *FileClock) Wall() time.Time {
	_, wall, _ := c.read()
	return time.Unix(0, wall)
}

// Monotonic returns the time since an arbitrary moment.
func (c *FileClock) Monotonic() time.Duration {
	_, _, monotonic := c.read()
	return time.Duration(monotonic)
}

// Sleep tells the kit until when, and returns when it has moved the clock there.
func (c *FileClock) Sleep(ctx context.Context, duration time.Duration) {
	seq, _, now := c.read()
	until := now + int64(duration)
	if future := who(ctx); future != nil && until > now {
		say(fields{"type": "waiting", "id": c.run, "client": future.Client, "future": future.Future, "until": until, "seq": seq})
	}
	for ; now < until; _, _, now = c.read() {
		time.Sleep(time.Millisecond)
	}
}

// Scenario is one scenario: it makes the clients, runs the futures, and sends the events.
type Scenario struct {
	BaseURL string
	APIKey  string
	Clock   *FileClock
	message message
	gates   map[int]chan struct{}
}

func newScenario(m message) *Scenario {
	s := &Scenario{BaseURL: m.BaseURL, APIKey: m.APIKey, Clock: &FileClock{m.Clock.Path, m.ID}, message: m}
	s.gates = make(map[int]chan struct{})
	for _, future := range m.Futures {
		s.gates[future.Future] = make(chan struct{})
		if !m.Stepwise {
			close(s.gates[future.Future])
		}
	}
	return s
}

// Log sends a line that the SDK logged; level is "debug", "info", "warning" or "error".
func (s *Scenario) Log(ctx context.Context, level, text string) {
	_, wall, _ := s.Clock.read()
	s.tell(ctx, "log", fields{"level": level, "logger": "sdk", "message": text, "time": float64(wall) / 1e9})
}

// Callback sends a call of the client's observer.
func (s *Scenario) Callback(ctx context.Context, state string) {
	s.tell(ctx, "callback", fields{"state": state})
}

func (s *Scenario) tell(ctx context.Context, kind string, event fields) {
	seq, _, _ := s.Clock.read()
	event["type"], event["id"], event["seq"] = kind, s.message.ID, seq
	if future := who(ctx); future != nil {
		event["client"], event["future"] = future.Client, future.Future
	}
	say(event)
}

func carryOut[Client any](s *Scenario, driver Driver[Client]) {
	clients, err := createClients(s.message.Clients, driver)
	if err != nil {
		say(fields{"type": "failed", "id": s.message.ID, "error": err.Error()})
		return
	}
	var running sync.WaitGroup
	for i := range s.message.Futures {
		spec := &s.message.Futures[i]
		running.Add(1)
		go func() {
			defer running.Done()
			<-s.gates[spec.Future]
			ctx := context.WithValue(context.Background(), futureKey{}, spec)
			outcome := fields{"kind": "result"}
			if err := driver.Run(ctx, clients[spec.Client], spec.Operation, limit(spec.Timeout)); err != nil {
				outcome = fields{"kind": driver.OutcomeOf(err), "error": fmt.Sprintf("%T: %v", err, err)}
			}
			s.tell(ctx, "outcome", outcome)
		}()
		if !s.message.Concurrent && !s.message.Threads {
			running.Wait()
		}
	}
	running.Wait()
	say(fields{"type": "done", "id": s.message.ID})
}

func createClients[Client any](specs []ClientSpec, driver Driver[Client]) (map[string]Client, error) {
	ctx := context.Background()
	if err := driver.Open(ctx); err != nil {
		return nil, err
	}
	clients := make(map[string]Client)
	for _, spec := range specs {
		client, err := driver.CreateClient(ctx, spec)
		if err != nil {
			return nil, err
		}
		clients[spec.Name] = client
	}
	return clients, nil
}

func limit(seconds *float64) time.Duration {
	if seconds == nil {
		return 0
	}
	return time.Duration(math.Round(*seconds * 1e9))
}

// Serve serves until standard input ends.
func Serve[Client any](about About, newDriver func(*Scenario) Driver[Client]) error {
	var scenario *Scenario
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadString('\n')
		if strings.TrimSpace(line) == "" && err != nil {
			return nil
		}
		var m message
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			return fmt.Errorf("not a message of the kit: %w", err)
		}
		switch m.Type {
		case "start":
			say(fields{"type": "started", "protocol": 1, "name": about.Name, "version": about.Version,
				"language": about.Language, "runtime": runtime.Version(), "profile": about.Profile,
				"capabilities": about.Capabilities, "operations": about.Operations, "clocks": about.Clocks})
		case "run":
			scenario = newScenario(m)
			go carryOut(scenario, newDriver(scenario))
		case "go":
			close(scenario.gates[m.Future])
		}
	}
}
