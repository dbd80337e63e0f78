package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// packageJSON has the fields of a package.json that are used here.
type packageJSON struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Pulumi  struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	} `json:"pulumi"`
}

// GetRequiredPackages returns the provider plugins that the installed packages need, so that the engine fetches them
// beforehand. It returns none if plugins are never fetched: an installed but unused package must not fail a run.
func (h *host) GetRequiredPackages(
	_ context.Context, req *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	answer := &pulumirpc.GetRequiredPackagesResponse{}
	if cmdutil.IsTruthy(os.Getenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION")) {
		return answer, nil
	}
	modules := filepath.Join(req.GetInfo().GetProgramDirectory(), "node_modules")
	for _, pattern := range []string{"*", "@*/*"} {
		files, err := filepath.Glob(filepath.Join(modules, pattern, "package.json"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if found := requiredBy(file); found != nil {
				answer.Packages = append(answer.Packages, found)
			}
		}
	}
	return answer, nil
}

// requiredBy returns the plugin that the package with this package.json needs, or nil.
func requiredBy(file string) *pulumirpc.PackageDependency {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	var info packageJSON
	if err := json.Unmarshal(text, &info); err != nil || !info.Pulumi.Resource {
		return nil
	}
	name := info.Pulumi.Name
	if name == "" {
		name = strings.TrimPrefix(info.Name, "@pulumi/")
	}
	version := info.Pulumi.Version
	if version == "" {
		version = info.Version
	}
	return &pulumirpc.PackageDependency{
		Name: name, Kind: "resource", Version: "v" + strings.TrimPrefix(version, "v"), Server: info.Pulumi.Server,
	}
}
