package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// The SDK's exit code for "failed, and the reason has been printed".
const exitShown = 32

// How long a program may take to exit after the signal, before it is killed.
const graceTime = 5 * time.Second

// Runs are the programs that a language host runs.
type Runs struct {
	// ended is closed when the engine has exited or requests the end; running programs then end too.
	ended   chan struct{}
	once    sync.Once
	running sync.WaitGroup
}

func NewRuns() *Runs {
	return &Runs{ended: make(chan struct{})}
}

// End ends the running programs.
func (r *Runs) End() {
	r.once.Do(func() { close(r.ended) })
}

// Stop ends the running programs and waits for them.
func (r *Runs) Stop() {
	r.End()
	r.running.Wait()
}

// Run runs a program to completion. An error of the program is part of the response; a gRPC error means it did not start.
func (r *Runs) Run(ctx context.Context, command func() (*exec.Cmd, error)) (*pulumirpc.RunResponse, error) {
	r.running.Add(1)
	defer r.running.Done()
	select {
	case <-r.ended:
		return nil, context.Canceled
	default:
	}

	cmd, err := command()
	if err != nil {
		return nil, err
	}
	return response(r.runToEnd(ctx, cmd))
}

// runToEnd starts the program in its own process group and waits for it. The group gets a signal when the engine cancels,
// has exited, or ends this process.
func (r *Runs) runToEnd(ctx context.Context, cmd *exec.Cmd) error {
	// The kernel signals the child when the *thread* that started it ends, so this thread must outlive it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = childAttributes()
	if err := cmd.Start(); err != nil {
		return err
	}

	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-done:
			return
		case <-ctx.Done():
		case <-r.ended:
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(graceTime):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
	}()
	err := cmd.Wait()
	close(done)
	<-watched
	return err
}

// response reports to the engine how the program ended.
func response(err error) (*pulumirpc.RunResponse, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return &pulumirpc.RunResponse{}, nil
	case !errors.As(err, &exit):
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program could not be run: %v", err)}, nil
	case exit.ExitCode() == exitShown:
		return &pulumirpc.RunResponse{Bail: true}, nil
	case exit.ExitCode() < 0:
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program was ended by a signal: %v", exit)}, nil
	default:
		return &pulumirpc.RunResponse{
			Error: fmt.Sprintf("Program exited with non-zero exit code: %d", exit.ExitCode()),
		}, nil
	}
}

// ConfigEnvironment passes the stack's configuration to the SDK; it may contain secrets, so it is not an argument.
func ConfigEnvironment(req *pulumirpc.RunRequest) ([]string, error) {
	values := req.GetConfig()
	if values == nil {
		values = map[string]string{}
	}
	config, err := json.Marshal(values)
	if err != nil {
		return nil, err
	}
	secrets := req.GetConfigSecretKeys()
	if secrets == nil {
		secrets = []string{}
	}
	secretKeys, err := json.Marshal(secrets)
	if err != nil {
		return nil, err
	}
	return []string{"PULUMI_CONFIG=" + string(config), "PULUMI_CONFIG_SECRET_KEYS=" + string(secretKeys)}, nil
}
