// Package sdk is a small SDK of the Tinker API, so that the adapter has something to drive: put yours in its place.
//
// It behaves like tinker 0.5.1: samples and forward-backward passes, polled until they are done, and a warning, at
// most once a minute, while the service is short of capacity. Its clock is injectable.
package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

const (
	debounce     = 60 * time.Second
	backOffCap   = 30 * time.Second
	resubmitCap  = 10 * time.Second
	httpTimeout  = 60 * time.Second
	stateActive  = "active"
	stateUnknown = "unknown"
)

var reasons = map[string]map[string]string{
	"sampling": {"paused_rate_limit": "concurrent LoRA rate limit hit", "paused_capacity": "out of capacity"},
	"training": {"paused_rate_limit": "concurrent models rate limit hit", "paused_capacity": "out of capacity"},
}

// The errors that a caller may want to tell apart; compare with errors.Is.
var (
	ErrRequestFailed = errors.New("the server reported that the request failed")
	ErrFutureExpired = errors.New("the server no longer has the future")
	ErrWaitTimeout   = errors.New("the caller's time limit passed before the result came; wait longer")
)

// Clock is what the SDK reads the time from.
type Clock interface {
	Wall() time.Time
	Monotonic() time.Duration
	Sleep(ctx context.Context, duration time.Duration)
}

// Log takes a line; level is "warning" or "error".
type Log func(ctx context.Context, level, text string)

// Service is the connection to the service.
type Service struct {
	baseURL string
	apiKey  string
	clock   Clock
	log     Log
	http    http.Client
	session string
	// The service takes a number that it knows for a request that is sent again.
	numbers atomic.Int64
}

type object = map[string]any

// Open connects to the service.
func Open(ctx context.Context, baseURL, apiKey string, clock Clock, log Log) (*Service, error) {
	s := &Service{baseURL: baseURL, apiKey: apiKey, clock: clock, log: log, http: http.Client{Timeout: httpTimeout}}
	// A client of its own, so that closing its connections disturbs nobody.
	s.http.Transport = http.DefaultTransport.(*http.Transport).Clone()
	_, body, err := s.post(ctx, "create_session", object{"tags": []string{}, "sdk_version": "1"}, nil)
	if err != nil {
		return nil, err
	}
	s.session = text(body, "session_id")
	return s, nil
}

// post sends a request; the body is nil if the reply is not a JSON object. An error means that no complete reply came.
func (s *Service) post(ctx context.Context, path string, body object, headers map[string]string) (int, object, error) {
	encoded, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, "POST", s.baseURL+"/api/v1/"+path, bytes.NewReader(encoded))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("X-API-Key", s.apiKey)
	request.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	reply, err := s.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		return 0, nil, err
	}
	var parsed object
	if !utf8.Valid(content) || json.Unmarshal(content, &parsed) != nil {
		return reply.StatusCode, nil, nil
	}
	return reply.StatusCode, parsed, nil
}

func text(body object, key string) string {
	value, _ := body[key].(string)
	return value
}

// Observer logs the pauses of one client; safe for use by several goroutines.
type Observer struct {
	service  *Service
	kind     string
	name     string
	mutex    sync.Mutex
	loggedAt time.Time
}

// OnQueueStateChange is called with each state that a poll reports.
func (o *Observer) OnQueueStateChange(ctx context.Context, state string) {
	if state == stateActive || !o.isDue() {
		return
	}
	reason, known := reasons[o.kind][state]
	if !known {
		reason = stateUnknown
	}
	subject := "Training is paused for " + o.name
	if o.kind == "sampling" {
		subject = "Sampling is paused for sampler " + o.name
	}
	o.service.log(ctx, "warning", subject+". Reason: "+reason)
}

func (o *Observer) isDue() bool {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	now := o.service.clock.Wall()
	if now.Sub(o.loggedAt) < debounce {
		return false
	}
	o.loggedAt = now
	return true
}

// Client is a sampling or a training client.
type Client struct {
	// Observe is called with each queue state; it is the client's own observer unless replaced.
	Observe func(ctx context.Context, state string)
	service *Service
	name    string
	numbers atomic.Int64
}

func newClient(service *Service, kind, name string) *Client {
	observer := &Observer{service: service, kind: kind, name: name}
	return &Client{Observe: observer.OnQueueStateChange, service: service, name: name}
}

// NewSamplingClient creates a client that samples from saved weights, or from a base model if modelPath is nil.
func NewSamplingClient(ctx context.Context, s *Service, modelPath *string, baseModel string) (*Client, error) {
	request := object{"session_id": s.session, "sampling_session_seq_id": s.numbers.Add(1), "base_model": baseModel}
	if modelPath != nil {
		delete(request, "base_model")
		request["model_path"] = *modelPath
	}
	_, body, err := s.post(ctx, "create_sampling_session", request, nil)
	if err != nil {
		return nil, err
	}
	return newClient(s, "sampling", text(body, "sampling_session_id")), nil
}

// NewTrainingClient creates a model, and the client that trains it.
func NewTrainingClient(ctx context.Context, s *Service, baseModel string) (*Client, error) {
	lora := object{"rank": 8}
	request := object{"session_id": s.session, "model_seq_id": s.numbers.Add(1), "base_model": baseModel, "lora_config": lora}
	p := poll{service: s, path: "create_model", requestType: "CreateModel", deadline: newDeadline(s.clock, 0)}
	model, err := p.result(ctx, request)
	if err != nil {
		return nil, err
	}
	return newClient(s, "training", text(model, "model_id")), nil
}

// Sample samples, and waits for the result, no longer than timeout if that is not 0; a future that the server lost is
// submitted again.
func (c *Client) Sample(ctx context.Context, timeout time.Duration) (map[string]any, error) {
	prompt := object{"chunks": []object{{"type": "encoded_text", "tokens": []int{1, 2, 3}}}}
	request := object{"sampling_session_id": c.name, "num_samples": 1, "prompt": prompt}
	request["sampling_params"] = object{"max_tokens": 1}
	p := poll{c.service, "asample", "Sample", c.Observe, newDeadline(c.service.clock, timeout)}
	for pause := time.Second / 2; ; pause = shorter(2*pause, resubmitCap) {
		request["seq_id"] = c.numbers.Add(1)
		result, err := p.result(ctx, request)
		if !errors.Is(err, ErrFutureExpired) {
			return result, err
		}
		if err := p.deadline.sleep(ctx, pause*3/4+time.Duration(rand.Int63n(int64(pause/4)))); err != nil {
			return nil, err
		}
	}
}

// ForwardBackward runs one forward-backward pass, and waits for the result, no longer than timeout if that is not 0.
func (c *Client) ForwardBackward(ctx context.Context, timeout time.Duration) (map[string]any, error) {
	input := object{"data": []object{}, "loss_fn": "cross_entropy"}
	request := object{"model_id": c.name, "seq_id": c.numbers.Add(1), "forward_backward_input": input}
	p := poll{c.service, "forward_backward", "ForwardBackward", c.Observe, newDeadline(c.service.clock, timeout)}
	return p.result(ctx, request)
}

// deadline is when a caller stops waiting for a result.
type deadline struct {
	clock Clock
	at    time.Duration // 0: never
}

func newDeadline(clock Clock, timeout time.Duration) deadline {
	if timeout == 0 {
		return deadline{clock, 0}
	}
	return deadline{clock, clock.Monotonic() + timeout}
}

func (d deadline) check() error {
	if d.at != 0 && d.clock.Monotonic() >= d.at {
		return ErrWaitTimeout
	}
	return nil
}

// sleep ends early, with an error, when the time has come.
func (d deadline) sleep(ctx context.Context, duration time.Duration) error {
	if d.at != 0 {
		duration = shorter(duration, d.at-d.clock.Monotonic())
	}
	d.clock.Sleep(ctx, duration)
	return d.check()
}

// poll submits a request and polls its future until it ends.
type poll struct {
	service     *Service
	path        string
	requestType string
	observe     func(ctx context.Context, state string)
	deadline    deadline
}

func (p poll) result(ctx context.Context, request object) (object, error) {
	status, body, err := p.service.post(ctx, p.path, request, nil)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("%s was refused: HTTP %d %v", p.path, status, body)
	}
	id := text(body, "request_id")
	backOff := time.Second
	for iteration := 0; ; iteration++ {
		if err := p.deadline.check(); err != nil {
			return nil, err
		}
		headers := map[string]string{
			"X-Tinker-Request-Iteration": strconv.Itoa(iteration),
			"X-Tinker-Request-Type":      p.requestType,
		}
		status, body, err := p.service.post(ctx, "retrieve_future", object{"request_id": id}, headers)
		if err != nil {
			if err := p.deadline.sleep(ctx, backOff); err != nil {
				return nil, err
			}
			backOff = shorter(2*backOff, backOffCap)
			continue
		}
		if status != http.StatusOK {
			backOff = time.Second
		}
		switch state, paused := body["queue_state"]; {
		case status == http.StatusRequestTimeout:
			if paused && p.observe != nil && state != nil && state != "" {
				p.observe(ctx, known(state))
			}
		case status == http.StatusGone:
			return nil, fmt.Errorf("%w: %s", ErrFutureExpired, id)
		case status >= http.StatusInternalServerError:
		case status != http.StatusOK || body == nil:
			return nil, fmt.Errorf("%s ended in HTTP %d: %v", id, status, body)
		case body["type"] == "try_again":
			p.service.log(ctx, "warning", id+": the server answered try_again, and is asked again")
		case body["error"] != nil && body["category"] != nil:
			return nil, fmt.Errorf("%w: %v", ErrRequestFailed, body["error"])
		default:
			return body, nil
		}
	}
}

func known(state any) string {
	switch state {
	case stateActive, "paused_capacity", "paused_rate_limit":
		return state.(string)
	}
	return stateUnknown
}

func shorter(a, b time.Duration) time.Duration {
	if a < b {
		return a
	}
	return b
}
