// Reads Kubernetes manifests from standard input and decodes each into the type of its kind as an API server with strict
// validation does: a field that the type does not have, stands twice, or holds something else is refused.
// It prints a line `KIND NAME` for each.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() meta.Object{
	"apps/v1 Deployment":                      func() meta.Object { return &apps.Deployment{} },
	"monitoring.coreos.com/v1 ServiceMonitor": func() meta.Object { return &monitoring.ServiceMonitor{} },
	"networking.k8s.io/v1 Ingress":            func() meta.Object { return &networking.Ingress{} },
	"networking.k8s.io/v1 NetworkPolicy":      func() meta.Object { return &networking.NetworkPolicy{} },
	"policy/v1 PodDisruptionBudget":           func() meta.Object { return &policy.PodDisruptionBudget{} },
	"v1 ConfigMap":                            func() meta.Object { return &core.ConfigMap{} },
	"v1 Secret":                               func() meta.Object { return &core.Secret{} },
	"v1 Service":                              func() meta.Object { return &core.Service{} },
	"v1 ServiceAccount":                       func() meta.Object { return &core.ServiceAccount{} },
}

var (
	separator = regexp.MustCompile(`(?m)^---\s*$`)
	comment   = regexp.MustCompile(`(?m)^#.*$`)
)

func check(document []byte) (string, error) {
	var head meta.TypeMeta
	if err := yaml.Unmarshal(document, &head); err != nil {
		return "", err
	}
	kind := head.APIVersion + " " + head.Kind
	empty, known := kinds[kind]
	if !known {
		return "", fmt.Errorf("%q is no kind that is known here", kind)
	}
	object := empty()
	if err := yaml.UnmarshalStrict(document, object); err != nil {
		return "", fmt.Errorf("%s: %w", kind, err)
	}
	if object.GetName() == "" {
		return "", fmt.Errorf("%s: it has no name", kind)
	}
	return head.Kind + " " + object.GetName(), nil
}

func main() {
	manifests, err := io.ReadAll(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	refused := false
	for _, document := range separator.Split(string(manifests), -1) {
		if len(bytes.TrimSpace(comment.ReplaceAll([]byte(document), nil))) == 0 {
			continue
		}
		line, err := check([]byte(document))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			refused = true
			continue
		}
		fmt.Println(line)
	}
	if refused {
		os.Exit(1)
	}
}
