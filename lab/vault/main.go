// The core of Vault and its HTTP interface with the state in memory, for the tests.
//
//	vault PORT
//
// listens on the loopback port PORT, not initialised and sealed. Of the ways to log in it has AppRole and user names; tokens, entities,
// policies and leases are the core's own.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/credential/userpass"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// Whatever can be mounted: ways to log in, by name.
type registry map[string]logical.Factory

var backends = registry{"approle": approle.Factory, "userpass": userpass.Factory}

func (all registry) Get(name string, kind consts.PluginType) (func() (interface{}, error), bool) {
	factory, found := all[name]
	if kind != consts.PluginTypeCredential || !found {
		return nil, false
	}
	return func() (interface{}, error) { return factory, nil }, true
}

func (all registry) Contains(name string, kind consts.PluginType) bool {
	_, found := all.Get(name, kind)
	return found
}

func (all registry) Keys(kind consts.PluginType) []string {
	var names []string
	for name := range all {
		if all.Contains(name, kind) {
			names = append(names, name)
		}
	}
	return names
}

func (all registry) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, all.Contains(name, kind)
}

func (all registry) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }

func main() {
	if len(os.Args) != 2 {
		must(fmt.Errorf("usage: vault PORT"))
	}
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr})
	store, err := inmem.NewInmem(nil, log)
	must(err)
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:           store,
		Logger:             log,
		DisableMlock:       true,
		CredentialBackends: backends,
		BuiltinRegistry:    backends,
	})
	must(err)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	must(err)
	must(http.Serve(listener, vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core})))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
