// Command pulumi-language-nodejs runs Pulumi programs written for Node.js, where the official language host is not
// available (it comes with Pulumi's releases, not as a Go module). It runs the program of the installed @pulumi/pulumi package
// directly on the engine's resource monitor, with the arguments and the environment the official host gives it.
//
// Not supported: debuggers, `pulumi install`, plugins written in TypeScript, code generation (see ../languages), bun.
package main

import (
	"fmt"
	"os"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"

	"nixos-fleet/setup/pulumi/engine"
)

func main() {
	host := newHost(engine.Address(os.Args[1:]))
	register := func(server *grpc.Server) { pulumirpc.RegisterLanguageRuntimeServer(server, host) }
	if err := engine.Serve(register, host.runs.Stop); err != nil {
		fmt.Fprintf(os.Stderr, "error: the Node.js language host cannot serve: %v\n", err)
		os.Exit(1)
	}
}
