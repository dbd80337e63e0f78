package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// The SDK's exit code for "failed, and the reason has been printed".
const exitShown = 32

// How long a program may take to exit after the signal, before it is killed.
const graceTime = 5 * time.Second

// Run runs the program to completion. An error of the program is part of the response; a gRPC error means it did not start.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	h.runs.Add(1)
	defer h.runs.Done()
	select {
	case <-h.ended:
		return nil, context.Canceled
	default:
	}

	cmd, err := h.command(req)
	if err != nil {
		return nil, err
	}
	return response(h.runToEnd(ctx, cmd))
}

// runToEnd starts the program in its own process group and waits for it. The group gets a signal when the engine cancels,
// has exited, or ends this process.
func (h *host) runToEnd(ctx context.Context, cmd *exec.Cmd) error {
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
		case <-h.ended:
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

// command is the node process that runs the program.
func (h *host) command(req *pulumirpc.RunRequest) (*exec.Cmd, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, errors.New("node is not on the PATH; install Node.js, or run this under setup/with")
	}
	opts, err := readOptions(req.GetInfo().GetOptions().AsMap())
	if err != nil {
		return nil, err
	}
	runner, err := findRunner(req)
	if err != nil {
		return nil, err
	}
	environment, err := programEnvironment(req, opts)
	if err != nil {
		return nil, err
	}
	args := append(append(opts.nodeArgs, runner), h.programArguments(req)...)
	cmd := exec.Command(node, args...)
	cmd.Dir = req.GetPwd()
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout = os.Stdout
	cmd.Stderr = os.Stderr
	return cmd, nil
}
