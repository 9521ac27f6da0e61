// An API server of Kubernetes with its etcd in one process, both from their official modules, for the tests.
//
//	kubernetes DIR PORT TOKENS
//
// keeps its state in DIR and takes plain requests on the loopback port PORT, as a proxy beside a cluster would. TOKENS is a file of
// tokens as --token-auth-file takes it. No controller, scheduler or node runs: objects are kept and judged, nothing is started.
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: kubernetes DIR PORT TOKENS")
	}
	dir, port, tokens := os.Args[1], os.Args[2], os.Args[3]
	etcd := "http://" + free()
	store(dir, etcd)
	secure := free()
	go serve("127.0.0.1:"+port, secure)
	run(dir, etcd, secure, tokens)
}

// An address of this machine that nobody listens on now.
func free() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	return listener.Addr().String()
}

func store(dir, address string) {
	at, err := url.Parse(address)
	must(err)
	config := embed.NewConfig()
	config.Dir = filepath.Join(dir, "etcd")
	config.LogLevel = "error"
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{*at}, []url.URL{*at}
	config.ListenPeerUrls = nil
	// What a test loses in a crash is a test's.
	config.UnsafeNoFsync = true
	server, err := embed.StartEtcd(config)
	must(err)
	<-server.Server.ReadyNotify()
}

// Whoever asks here is asked for a token there.
func serve(plain, secure string) {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "https", Host: secure})
	proxy.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	must(http.ListenAndServe(plain, proxy))
}

func run(dir, etcd, secure, tokens string) {
	key := filepath.Join(dir, "accounts.key")
	sign(key)
	_, port, err := net.SplitHostPort(secure)
	must(err)
	command := app.NewAPIServerCommand()
	command.SetArgs([]string{
		"--etcd-servers=" + etcd,
		"--bind-address=127.0.0.1",
		"--secure-port=" + port,
		"--cert-dir=" + filepath.Join(dir, "certificates"),
		"--token-auth-file=" + tokens,
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.example.com",
		"--service-account-key-file=" + key,
		"--service-account-signing-key-file=" + key,
		"--service-cluster-ip-range=10.0.0.0/24",
	})
	must(command.Execute())
}

// The key with which service accounts' tokens are signed.
func sign(file string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	must(os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
