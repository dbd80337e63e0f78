// Package engine has what plugins need that Pulumi's engine starts.
package engine

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

// Messages of the engine can be large: a program's outputs, a configuration.
const maxMessage = 400 * 1024 * 1024

// Serve serves the engine until it stops or kills this process; stop is called before the server ends.
func Serve(register func(*grpc.Server), stop func()) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))
	register(server)
	go func() {
		waitForEnd()
		stop()
		server.Stop()
	}()

	// The engine reads the port from the first line.
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

// Address is the engine's: the last argument; the flags before it are about logging and tracing.
func Address(args []string) string {
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
