// Command pulumi-language-nodejs runs Pulumi programs written for Node.js, where the official language host is not
// available (it comes with Pulumi's releases, not as a Go module). It runs the program of the installed @pulumi/pulumi package
// directly on the engine's resource monitor, with the arguments and the environment the official host gives it.
//
// Not supported: debuggers, `pulumi install`, plugins written in TypeScript, code generation, bun.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// Messages of the engine can be large: a program's outputs, a configuration.
const maxMessage = 400 * 1024 * 1024

func main() {
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "error: the Node.js language host cannot serve: %v\n", err)
		os.Exit(1)
	}
}

// serve serves the engine until it stops or kills this process.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	host := newHost(engineAddress(os.Args[1:]))
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	pulumirpc.RegisterLanguageRuntimeServer(server, host)
	go func() {
		waitForEnd()
		host.stop()
		server.Stop()
	}()

	// The engine reads the port from the first line.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// engineAddress is the last argument; the flags before it are about logging and tracing.
func engineAddress(args []string) string {
	if len(args) == 0 || strings.HasPrefix(args[len(args)-1], "-") {
		return ""
	}
	return args[len(args)-1]
}

// waitForEnd returns when the engine asks this process to end, or has exited.
func waitForEnd() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	engine := os.Getppid()
	for {
		select {
		case <-signals:
			return
		case <-time.After(500 * time.Millisecond):
			if os.Getppid() != engine {
				return
			}
		}
	}
}
