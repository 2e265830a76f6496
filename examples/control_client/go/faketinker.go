// Package faketinker is a client for the fake server, for test suites in Go. Copy this file.
//
//	server, err := faketinker.Start(nil)
//	test, err := server.Test("pause")
//	_, err = test.AddScripts(`[{"steps": [{"timeout": {"queue_state": "paused_capacity"}}, {"complete": {}}]}]`)
//	// your SDK, at test.BaseURL
//	err = test.Verify()
//	err = server.Stop()
package faketinker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	startLimit   = 60 * time.Second
	stopLimit    = 10 * time.Second
	requestLimit = 30 * time.Second
)

// Server is the program fake-tinker, started; it ends with this process, even if that is killed.
type Server struct {
	URL     string `json:"url"`
	Control string `json:"control"`
	Token   string `json:"token"`
	folder  string
	program *exec.Cmd
	stdin   io.Closer
	http    http.Client
}

// Test is a test of a suite; BaseURL is where its SDK is to send its requests.
type Test struct {
	Name      string `json:"name"`
	BaseURL   string `json:"base_url"`
	ClockFile string `json:"clock"`
	server    *Server
}

// Clock is what the clocks of a test show.
type Clock struct {
	Seq       int64 `json:"seq"`
	Wall      int64 `json:"wall_ns"`
	Monotonic int64 `json:"monotonic_ns"`
}

// Exchange is a request and its reply; the journal has more fields than these.
type Exchange struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Status int    `json:"status"` // 0 if a fault took the reply's place
}

// Start starts the program, with more of its options, such as "--seed", "7".
//
// The command says how to start it; nil is the variable FAKE_TINKER, or fake-tinker on the PATH.
func Start(command []string, options ...string) (*Server, error) {
	if command == nil {
		command = strings.Fields(os.Getenv("FAKE_TINKER"))
	}
	if len(command) == 0 {
		command = []string{"fake-tinker"}
	}
	folder, err := os.MkdirTemp("", "fake-tinker-")
	if err != nil {
		return nil, err
	}
	ours := []string{"--control", "--clock-file", filepath.Join(folder, "clock"), "--exit-with-stdin"}
	arguments := append(append(append([]string{}, command[1:]...), ours...), options...)
	s := &Server{folder: folder, program: exec.Command(command[0], arguments...)}
	s.http = http.Client{Timeout: requestLimit, Transport: &http.Transport{Proxy: nil}}
	if err := s.start(); err != nil {
		os.RemoveAll(folder)
		return nil, fmt.Errorf("%s did not start: %w; install tinker-conformance, or set FAKE_TINKER to the command "+
			"that starts fake-tinker", command[0], err)
	}
	return s, nil
}

func (s *Server) start() error {
	s.program.Stderr = os.Stderr
	stdin, err := s.program.StdinPipe()
	if err != nil {
		return err
	}
	s.stdin = stdin
	stdout, err := s.program.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.program.Start(); err != nil {
		return err
	}
	limit := time.AfterFunc(startLimit, func() { s.program.Process.Kill() })
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	limit.Stop()
	if err == nil {
		err = json.Unmarshal(line, s)
	}
	if err != nil {
		s.program.Process.Kill()
		s.program.Wait()
	}
	return err
}

// Stop stops the program.
func (s *Server) Stop() error {
	defer os.RemoveAll(s.folder)
	s.http.CloseIdleConnections()
	s.stdin.Close()
	limit := time.AfterFunc(stopLimit, func() { s.program.Process.Kill() })
	defer limit.Stop()
	return s.program.Wait()
}

// Test begins a test, with scripts, journal and clock of its own; an empty name is one that the server makes.
func (s *Server) Test(name string) (*Test, error) {
	body := ""
	if name != "" {
		body = fmt.Sprintf(`{"name": %q}`, name)
	}
	test := &Test{server: s}
	return test, s.request("POST", "/tests", body, test)
}

// request sends a request to the control plane; answer is where the reply's JSON goes.
func (s *Server) request(method, path, body string, answer any) error {
	request, err := http.NewRequest(method, s.Control+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.Token)
	reply, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	if reply.StatusCode >= 400 {
		var refusal struct{ Error string }
		json.Unmarshal(content, &refusal)
		return errors.New(refusal.Error)
	}
	switch into := answer.(type) {
	case nil:
		return nil
	case *[]byte:
		*into = content
		return nil
	default:
		return json.Unmarshal(content, answer)
	}
}

func (t *Test) request(method, path, body string, answer any) error {
	return t.server.request(method, "/tests/"+t.Name+path, body, answer)
}

// AddScripts adds scripts and rules, a JSON list written as in a script file; it returns the names of the scripts' futures.
func (t *Test) AddScripts(scripts string) ([]string, error) {
	var added struct{ Futures []string }
	err := t.request("POST", "/scripts", scripts, &added)
	return added.Futures, err
}

// Journal returns every request so far, with its reply.
func (t *Test) Journal() ([]Exchange, error) {
	var content []byte
	if err := t.request("GET", "/journal", "", &content); err != nil {
		return nil, err
	}
	var exchanges []Exchange
	for decoder := json.NewDecoder(bytes.NewReader(content)); decoder.More(); {
		var exchange Exchange
		if err := decoder.Decode(&exchange); err != nil {
			return nil, err
		}
		exchanges = append(exchanges, exchange)
	}
	return exchanges, nil
}

// Verify returns an error unless every script was served to its end, and no other request came.
func (t *Test) Verify() error {
	var verdict struct {
		OK   bool
		Text string
	}
	if err := t.request("GET", "/verdict", "", &verdict); err != nil || verdict.OK {
		return err
	}
	return errors.New(verdict.Text)
}

// Clock returns what the clocks of the test show.
func (t *Test) Clock() (clock Clock, err error) {
	return clock, t.request("GET", "/clock", "", &clock)
}

// Advance moves both clocks of the test, and returns what they show then.
func (t *Test) Advance(duration time.Duration) (clock Clock, err error) {
	err = t.request("POST", "/clock", fmt.Sprintf(`{"advance": %g}`, duration.Seconds()), &clock)
	return clock, err
}

// Release sends every reply that a script holds, and returns how many there were.
func (t *Test) Release() (int, error) {
	var answer struct{ Released int }
	err := t.request("POST", "/release", "", &answer)
	return answer.Released, err
}

// End forgets the test.
func (t *Test) End() error {
	return t.request("DELETE", "", "", nil)
}
