package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/shlex"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"nixos-fleet/setup/pulumi/engine"
)

// options are the runtime's options in Pulumi.yaml.
type options struct {
	typescript bool
	tsconfig   string
	nodeArgs   []string
}

// readOptions reads `typescript` (default true), `tsconfig` and `nodeargs`; others (`packagemanager`) do not affect a run.
func readOptions(given map[string]any) (options, error) {
	opts := options{typescript: true}
	if value, ok := given["typescript"]; ok {
		on, isBool := value.(bool)
		if !isBool {
			return opts, errors.New("Pulumi.yaml: runtime.options.typescript must be true or false")
		}
		opts.typescript = on
	}
	if value, ok := given["tsconfig"]; ok {
		path, isString := value.(string)
		if !isString {
			return opts, errors.New("Pulumi.yaml: runtime.options.tsconfig must be a path")
		}
		opts.tsconfig = path
	}
	if value, ok := given["nodeargs"]; ok {
		text, isString := value.(string)
		if !isString {
			return opts, errors.New("Pulumi.yaml: runtime.options.nodeargs must be a text")
		}
		args, err := shlex.Split(text)
		if err != nil {
			return opts, fmt.Errorf("Pulumi.yaml: runtime.options.nodeargs cannot be split into words: %w", err)
		}
		opts.nodeArgs = args
	}
	return opts, nil
}

// Run runs the program to completion.
func (h *host) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	return h.runs.Run(ctx, func() (*exec.Cmd, error) { return h.command(req) })
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

// programArguments returns the arguments of the SDK's runner.
func (h *host) programArguments(req *pulumirpc.RunRequest) []string {
	var args []string
	add := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name, value)
		}
	}
	add("monitor", req.GetMonitorAddress())
	add("engine", h.engine)
	add("organization", req.GetOrganization())
	add("project", req.GetProject())
	add("root-directory", req.GetInfo().GetRootDirectory())
	add("stack", req.GetStack())
	add("pwd", req.GetPwd())
	if req.GetDryRun() {
		args = append(args, "--dry-run")
	}
	add("parallel", strconv.Itoa(int(req.GetParallel())))
	entry := req.GetInfo().GetEntryPoint()
	if entry == "" {
		entry = "."
	}
	// A relative entry point is relative to the program's folder, which need not be the working directory.
	if directory := req.GetInfo().GetProgramDirectory(); directory != "" && !filepath.IsAbs(entry) {
		entry = filepath.Join(directory, entry)
	}
	return append(append(args, entry), req.GetArgs()...)
}

// programEnvironment is what the SDK reads from its environment.
func programEnvironment(req *pulumirpc.RunRequest, opts options) ([]string, error) {
	environment, err := engine.ConfigEnvironment(req)
	if err != nil {
		return nil, err
	}
	if opts.typescript {
		environment = append(environment, "PULUMI_NODEJS_TYPESCRIPT=true")
	}
	if opts.tsconfig != "" {
		environment = append(environment, "PULUMI_NODEJS_TSCONFIG_PATH="+opts.tsconfig)
	}
	return environment, nil
}

// findRunner looks for @pulumi/pulumi as node does: in node_modules of the program's folder and its parents.
func findRunner(req *pulumirpc.RunRequest) (string, error) {
	runner := os.Getenv("PULUMI_LANGUAGE_NODEJS_RUN_PATH")
	if runner == "" {
		runner = "@pulumi/pulumi/cmd/run"
	}
	if filepath.IsAbs(runner) {
		return runner, nil
	}
	start := req.GetInfo().GetProgramDirectory()
	if start == "" {
		start = req.GetPwd()
	}
	for directory := start; ; directory = filepath.Dir(directory) {
		candidate := filepath.Join(directory, "node_modules", filepath.FromSlash(strings.TrimPrefix(runner, "./")))
		if _, err := os.Stat(candidate); err == nil {
			return candidate, nil
		}
		if directory == filepath.Dir(directory) {
			return "", fmt.Errorf("the Pulumi SDK (@pulumi/pulumi) is not in node_modules of %s or a folder above it; "+
				"run `npm ci` there", start)
		}
	}
}
