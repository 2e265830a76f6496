// The adapter of an SDK in Go. Copy this folder and put your SDK in place of the package sdk.
//
// This file is what you edit; the package kit is the protocol, which stays as it is.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"adapter/kit"
	"adapter/sdk"
)

// about is who your SDK is, and what it claims.
var about = kit.About{
	Name:         "adapter-template-go",
	Version:      "0.1.0",
	Language:     "go",
	Profile:      "tinker-0.5.1",
	Capabilities: []string{"callbacks", "sampling", "training", "concurrency", "threads", "timeout", "virtual_sleep"},
	Operations:   []string{"sample", "forward_backward"},
	Clocks:       []string{"file"},
}

// driver drives the SDK in one scenario.
type driver struct {
	scenario *kit.Scenario
	service  *sdk.Service
}

// Open gives the SDK the kit's server, clock and logger.
func (d *driver) Open(ctx context.Context) (err error) {
	d.service, err = sdk.Open(ctx, d.scenario.BaseURL, d.scenario.APIKey, d.scenario.Clock, d.scenario.Log)
	return err
}

// CreateClient creates a client, and tells the kit when the SDK calls its observer.
func (d *driver) CreateClient(ctx context.Context, spec kit.ClientSpec) (client *sdk.Client, err error) {
	if spec.Kind == "sampling" {
		client, err = sdk.NewSamplingClient(ctx, d.service, spec.ModelPath, spec.BaseModel)
	} else {
		client, err = sdk.NewTrainingClient(ctx, d.service, spec.BaseModel)
	}
	if err != nil {
		return nil, err
	}
	original := client.Observe
	client.Observe = func(ctx context.Context, state string) {
		d.scenario.Callback(ctx, state)
		original(ctx, state)
	}
	return client, nil
}

// Run submits an operation, and waits for its result.
func (d *driver) Run(ctx context.Context, client *sdk.Client, operation string, timeout time.Duration) (err error) {
	switch operation {
	case "sample":
		_, err = client.Sample(ctx, timeout)
	case "forward_backward":
		_, err = client.ForwardBackward(ctx, timeout)
	}
	return err
}

// OutcomeOf returns how a future ended that returned this error.
func (d *driver) OutcomeOf(err error) string {
	switch {
	case errors.Is(err, sdk.ErrRequestFailed):
		return "failed"
	case errors.Is(err, sdk.ErrFutureExpired):
		return "expired"
	case errors.Is(err, sdk.ErrWaitTimeout):
		return "timeout"
	}
	return "error"
}

func main() {
	newDriver := func(scenario *kit.Scenario) kit.Driver[*sdk.Client] { return &driver{scenario: scenario} }
	if err := kit.Serve(about, newDriver); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
