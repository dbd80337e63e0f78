// Command pulumi-language-<nodejs|python|go> generates a package's SDK in one of Pulumi's languages (`pulumi package gen-sdk`), and
// runs programs written in Python, where the official language hosts are not available (they come with Pulumi's releases, not
// as Go modules). The name that it is started by tells the language.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"nixos-fleet/setup/pulumi/engine"
)

// host implements the language runtime for the engine. Other methods return "unimplemented", which the engine takes as
// "not supported".
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	language string
	engine   string
	runs     *engine.Runs
}

func main() {
	language := strings.TrimPrefix(filepath.Base(os.Args[0]), "pulumi-language-")
	if generators[language] == nil {
		fmt.Fprintf(os.Stderr, "error: there is no generator for the language %s\n", language)
		os.Exit(2)
	}
	host := &host{language: language, engine: engine.Address(os.Args[1:]), runs: engine.NewRuns()}
	register := func(server *grpc.Server) { pulumirpc.RegisterLanguageRuntimeServer(server, host) }
	if err := engine.Serve(register, host.runs.Stop); err != nil {
		fmt.Fprintf(os.Stderr, "error: the language host for %s cannot serve: %v\n", language, err)
		os.Exit(1)
	}
}

func (h *host) Handshake(
	_ context.Context, req *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	h.engine = req.GetEngineAddress()
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.runs.End()
	return &emptypb.Empty{}, nil
}

func (h *host) GetRequiredPackages(
	context.Context, *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	return &pulumirpc.GetRequiredPackagesResponse{}, nil
}
