// Answers TokenReview and SubjectAccessReview as an API server does, with Kubernetes' own types: what is asked is decoded
// strictly (a field that the type does not have, stands twice, or holds something else is refused with 400), and what is
// answered is encoded from the types, with status 201.
// Tokens: `TOKEN=USER,GROUP...`. Rights: `PATH VERB` for everybody in the group `pullers`, and every verb below
// `/repository/USER/` for that user; paths below `/repository/vault/` are denied.
// usage: reviews ADDRESS AUDIENCE TOKEN=USER,GROUP...
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"

	authn "k8s.io/api/authentication/v1"
	authz "k8s.io/api/authorization/v1"
	"sigs.k8s.io/yaml"
)

var (
	audience string
	users    = map[string][]string{}
)

func reviewToken(review *authn.TokenReview) error {
	if review.APIVersion != "authentication.k8s.io/v1" || review.Kind != "TokenReview" {
		return fmt.Errorf("this is no TokenReview")
	}
	known, found := users[review.Spec.Token]
	if !found || !slices.Contains(review.Spec.Audiences, audience) {
		// As the API server words it.
		review.Status = authn.TokenReviewStatus{Error: "[invalid bearer token, token lookup failed]"}
		return nil
	}
	review.Status = authn.TokenReviewStatus{
		Authenticated: true,
		User:          authn.UserInfo{Username: known[0], UID: "uid-of-" + known[0], Groups: known[1:]},
		Audiences:     []string{audience},
	}
	return nil
}

func reviewAccess(review *authz.SubjectAccessReview) error {
	if review.APIVersion != "authorization.k8s.io/v1" || review.Kind != "SubjectAccessReview" {
		return fmt.Errorf("this is no SubjectAccessReview")
	}
	spec := review.Spec
	// As the API server validates it.
	if spec.NonResourceAttributes == nil || spec.ResourceAttributes != nil {
		return fmt.Errorf("exactly one of nonResourceAttributes or resourceAttributes must be specified")
	}
	if spec.User == "" && len(spec.Groups) == 0 {
		return fmt.Errorf("at least one of user or group must be specified")
	}
	path, verb := spec.NonResourceAttributes.Path, spec.NonResourceAttributes.Verb
	own := strings.HasPrefix(path, "/repository/"+spec.User+"/")
	pull := verb == "pull" && slices.Contains(spec.Groups, "pullers")
	review.Status.Denied = strings.HasPrefix(path, "/repository/vault/")
	review.Status.Allowed = (own || pull) && !review.Status.Denied
	return nil
}

func answer[Review any](review func(*Review) error) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		object := new(Review)
		if err == nil {
			err = yaml.UnmarshalStrict(body, object)
		}
		if err == nil {
			err = review(object)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "refused:", err)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(object)
	}
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: reviews ADDRESS AUDIENCE TOKEN=USER,GROUP...")
		os.Exit(2)
	}
	audience = os.Args[2]
	for _, user := range os.Args[3:] {
		token, known, _ := strings.Cut(user, "=")
		users[token] = strings.Split(known, ",")
	}
	http.HandleFunc("POST /apis/authentication.k8s.io/v1/tokenreviews", answer(reviewToken))
	http.HandleFunc("POST /apis/authorization.k8s.io/v1/subjectaccessreviews", answer(reviewAccess))
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening")
	fmt.Fprintln(os.Stderr, http.Serve(listener, nil))
	os.Exit(1)
}
