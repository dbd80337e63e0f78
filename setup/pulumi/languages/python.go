package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nixos-fleet/setup/pulumi/engine"
)

// Run runs a program written in Python to completion.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	if h.language != "python" {
		return nil, status.Errorf(codes.Unimplemented,
			"programs of the language %s need its official language host: install Pulumi's release", h.language)
	}
	return h.runs.Run(ctx, func() (*exec.Cmd, error) { return h.command(req) })
}

// command is the Python process that runs the program: by the SDK's runner, which lies beside this program.
func (h *host) command(req *pulumirpc.RunRequest) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	python, err := interpreter(req)
	if err != nil {
		return nil, err
	}
	environment, err := engine.ConfigEnvironment(req)
	if err != nil {
		return nil, err
	}
	directory := req.GetInfo().GetProgramDirectory()
	entry := req.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	if directory != "" && !filepath.IsAbs(entry) {
		entry = filepath.Join(directory, entry)
	}
	args := []string{
		filepath.Join(filepath.Dir(self), "pulumi-language-python-exec"),
		"--monitor", req.GetMonitorAddress(),
		"--engine", h.engine,
		"--project", req.GetProject(),
		"--root_directory", req.GetInfo().GetRootDirectory(),
		"--stack", req.GetStack(),
		"--organization", req.GetOrganization(),
		"--parallel", strconv.Itoa(int(req.GetParallel())),
		"--dry_run", strconv.FormatBool(req.GetDryRun()),
		"--pwd", req.GetPwd(),
		entry,
	}
	cmd := exec.Command(python, append(args, req.GetArgs()...)...)
	cmd.Dir = req.GetPwd()
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stdout = os.Stdout
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// interpreter is the Python of the virtual environment in Pulumi.yaml, that of PULUMI_PYTHON_CMD, or python3.
func interpreter(req *pulumirpc.RunRequest) (string, error) {
	if given, ok := req.GetInfo().GetOptions().AsMap()["virtualenv"]; ok {
		folder, isString := given.(string)
		if !isString {
			return "", errors.New("Pulumi.yaml: runtime.options.virtualenv must be a path")
		}
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(req.GetInfo().GetRootDirectory(), folder)
		}
		python := filepath.Join(folder, "bin", "python")
		if _, err := os.Stat(python); err != nil {
			return "", fmt.Errorf("the virtual environment %s has no Python: %w", folder, err)
		}
		return python, nil
	}
	if named := os.Getenv("PULUMI_PYTHON_CMD"); named != "" {
		return named, nil
	}
	return exec.LookPath("python3")
}
