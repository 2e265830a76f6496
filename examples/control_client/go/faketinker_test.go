// How a suite uses the client.
package faketinker

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

const pause = `[{"operation": "sample", "steps": [{"timeout": {"queue_state": "paused_capacity"}}, {"advance": 60}, {"complete": {}}]}]`

var server *Server

func TestMain(m *testing.M) {
	var err error
	if server, err = Start(nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func begin(t *testing.T, name string) *Test {
	t.Helper()
	test, err := server.Test(name)
	check(t, err)
	t.Cleanup(func() { check(t, test.End()) })
	return test
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func post(t *testing.T, url, body string) (int, map[string]any) {
	t.Helper()
	reply, err := http.Post(url, "application/json", strings.NewReader(body))
	check(t, err)
	defer reply.Body.Close()
	var content map[string]any
	check(t, json.NewDecoder(reply.Body).Decode(&content))
	return reply.StatusCode, content
}

func monotonic(t *testing.T, test *Test) int64 {
	t.Helper()
	clock, err := test.Clock()
	check(t, err)
	return clock.Monotonic
}

func TestASampleIsPolledWhileTheQueueIsPaused(t *testing.T) {
	test, other := begin(t, ""), begin(t, "")
	_, err := test.AddScripts(pause)
	check(t, err)
	start := monotonic(t, test)

	_, future := post(t, test.BaseURL+"/api/v1/asample", `{"num_samples": 1}`)
	poll := func() int {
		status, _ := post(t, test.BaseURL+"/api/v1/retrieve_future", fmt.Sprintf(`{"request_id": %q}`, future["request_id"]))
		return status
	}
	equal(t, []int{poll(), poll()}, []int{408, 200})

	equal(t, monotonic(t, test), start+60e9)
	moved, err := test.Advance(500 * time.Millisecond)
	check(t, err)
	equal(t, moved.Monotonic, int64(start+60.5e9))
	file, err := os.ReadFile(test.ClockFile)
	check(t, err)
	equal(t, strings.TrimSpace(string(file)), fmt.Sprint(moved.Seq, " ", moved.Wall, " ", moved.Monotonic))
	equal(t, monotonic(t, other), start)

	journal, err := test.Journal()
	check(t, err)
	var statuses []int
	for _, exchange := range journal {
		statuses = append(statuses, exchange.Status)
	}
	equal(t, statuses, []int{200, 408, 200})
	empty, err := other.Journal()
	check(t, err)
	equal(t, len(empty), 0)
	check(t, test.Verify())
}

func TestAScriptThatWasNotServedToItsEndIsAnError(t *testing.T) {
	test := begin(t, "short")
	futures, err := test.AddScripts(pause)
	check(t, err)
	if err := test.Verify(); err == nil || !strings.Contains(err.Error(), futures[0]) {
		t.Fatal(err)
	}
	released, err := test.Release()
	check(t, err)
	equal(t, released, 0)
}

func TestAMistakeSaysWhatToDo(t *testing.T) {
	_, err := begin(t, "").AddScripts(`[{"steps": [{"timout": {}}]}]`)
	if err == nil || !strings.Contains(err.Error(), "did you mean 'timeout'") {
		t.Fatal(err)
	}
}

func TestAProgramThatDoesNotStartIsAnError(t *testing.T) {
	for _, command := range []string{"no-such-program", "false"} {
		if _, err := Start([]string{command}); err == nil || !strings.Contains(err.Error(), "did not start") {
			t.Fatal(err)
		}
	}
}
