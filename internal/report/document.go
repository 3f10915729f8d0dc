package report

import (
	"time"

	"github.com/nix-authorize/nix-authorize/authz"
	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/internal/graph"
	"github.com/nix-authorize/nix-authorize/internal/outcome"
	"github.com/nix-authorize/nix-authorize/keyring"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// document is what JSON writes; docs/json.md describes it. Object ids are 40
// lower-case hexadecimal digits, fingerprints are as package signer spells them.
type document struct {
	SchemaVersion int    `json:"schema_version"`
	Command       string `json:"command"`
	Outcome       string `json:"outcome"`
	Exit          int    `json:"exit"`
	ReportOnly    bool   `json:"report_only,omitempty"`

	Introduction   *introductionDoc `json:"introduction,omitempty"`
	Authorizations string           `json:"authorizations,omitempty"`
	Keyring        string           `json:"keyring,omitempty"`
	Revision       string           `json:"revision,omitempty"`
	Tip            string           `json:"tip,omitempty"`

	Commits   *int           `json:"commits,omitempty"`
	Authentic *int           `json:"authentic,omitempty"`
	Vouched   int            `json:"vouched,omitempty"`
	Truncated bool           `json:"truncated,omitempty"`
	Signers   []signerCount  `json:"signers,omitempty"`
	Refusals  []refusalDoc   `json:"refusals,omitempty"`
	Graph     []nodeDoc      `json:"graph,omitempty"`
	Unchecked []uncheckedDoc `json:"unchecked,omitempty"`
	// UncheckedCount is how many there are, of which Unchecked has the first.
	UncheckedCount int `json:"unchecked_count,omitempty"`

	Commit   string     `json:"commit,omitempty"`
	Subject  string     `json:"subject,omitempty"`
	Standing string     `json:"standing,omitempty"`
	Signer   *signerDoc `json:"signer,omitempty"`
	Steps    []stepDoc  `json:"steps,omitempty"`

	Keys       []keyDoc   `json:"keys,omitempty"`
	Authorized []entryDoc `json:"authorized,omitempty"`
	Skipped    []skipDoc  `json:"skipped,omitempty"`

	Branch     string `json:"branch,omitempty"`
	RecordedIn string `json:"recorded_in,omitempty"`

	Pull   *pullDoc         `json:"pull,omitempty"`
	Status *statusDoc       `json:"status,omitempty"`
	Tips   []*rememberedDoc `json:"tips,omitempty"`
	Hooks  *hooksDoc        `json:"hooks,omitempty"`
	Check  *checkDoc        `json:"check,omitempty"`

	Introductions []namedDoc `json:"introductions,omitempty"`
	Replaced      *namedDoc  `json:"replaced,omitempty"`

	maintenanceDoc

	Warnings []warningDoc `json:"warnings,omitempty"`
	Error    *errorDoc    `json:"error,omitempty"`
}

type introductionDoc struct {
	Commit string `json:"commit"`
	Signer string `json:"signer"`
	Origin string `json:"origin,omitempty"`
}

type signerCount struct {
	Fingerprint string `json:"fingerprint"`
	Name        string `json:"name"`
	Commits     int    `json:"commits"`
}

type signerDoc struct {
	Fingerprint string   `json:"fingerprint"`
	Primaries   []string `json:"primaries,omitempty"`
	Name        string   `json:"name,omitempty"`
	Algorithm   string   `json:"algorithm"`
}

type refusalDoc struct {
	Commit  string `json:"commit"`
	Subject string `json:"subject,omitempty"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
	// Signer is verified; ClaimedSigner is not.
	Signer        *signerDoc `json:"signer,omitempty"`
	ClaimedSigner string     `json:"claimed_signer,omitempty"`
	Parent        string     `json:"parent,omitempty"`
	Rule          string     `json:"rule"`
	Expected      string     `json:"expected_signer,omitempty"`
	Hint          string     `json:"hint,omitempty"`
}

// nodeDoc is a commit of the graph.
type nodeDoc struct {
	Commit  string   `json:"commit"`
	Subject string   `json:"subject,omitempty"`
	Mark    string   `json:"mark,omitempty"` // authentic, vouched, refused, unchecked, introduction or none
	Reason  string   `json:"reason,omitempty"`
	Signer  string   `json:"signer_name,omitempty"`
	Parents []string `json:"parents,omitempty"` // those that are in the graph
	More    bool     `json:"more,omitempty"`    // there are parents that are not
}

func nodeDocument(n graph.Node) nodeDoc {
	doc := nodeDoc{Commit: n.ID.String(), Subject: n.Subject, Mark: string(n.Mark), Reason: string(n.Reason), Signer: n.Signer, More: n.More}
	for _, parent := range n.Parents {
		doc.Parents = append(doc.Parents, parent.String())
	}
	return doc
}

type uncheckedDoc struct {
	Commit string `json:"commit"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

type stepDoc struct {
	Step   string `json:"step"`
	Result string `json:"result"`
	Commit string `json:"commit,omitempty"`
	Text   string `json:"text"`
}

type keyDoc struct {
	Fingerprint  string     `json:"fingerprint"`
	Kind         string     `json:"kind"` // openpgp or ssh
	Algorithm    string     `json:"algorithm"`
	Primaries    []string   `json:"primaries,omitempty"`
	Claims       []string   `json:"claimed_user_ids,omitempty"`
	File         string     `json:"file"`
	Created      *time.Time `json:"created,omitempty"`
	Expires      *time.Time `json:"expires,omitempty"`
	Revoked      bool       `json:"revoked,omitempty"`
	Unusable     string     `json:"unusable,omitempty"`
	AuthorizedAs string     `json:"authorized_as,omitempty"`
}

type entryDoc struct {
	Fingerprint string   `json:"fingerprint"`
	Name        string   `json:"name"`
	May         string   `json:"may"`
	Paths       []string `json:"paths,omitempty"`
	InKeyring   *bool    `json:"in_keyring,omitempty"`
}

type skipDoc struct {
	File   string `json:"file"`
	Detail string `json:"detail"`
}

type warningDoc struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

type errorDoc struct {
	Class   string `json:"class"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (d *document) start(s Started) {
	in := s.Policy.Introduction
	d.Introduction = &introductionDoc{in.Commit.String(), string(in.Signer), s.Origin}
	d.Authorizations = in.Format.FileName()
	d.Keyring, d.Revision, d.Tip = s.Keyring, s.Revision, s.Tip.String()
}

func (d *document) finish(f Finished, s Started) {
	r := f.Report
	d.end(outcome.Of(r.Outcome()))
	d.Commits, d.Authentic, d.Vouched, d.Truncated = &r.Commits, &r.Authentic, r.Vouched, r.Truncated
	d.Signers = signerCounts(r.Signers)
	for _, refusal := range r.Refusals {
		d.Refusals = append(d.Refusals, refusalDocument(refusal, s))
	}
	d.UncheckedCount = r.UncheckedCount
	for _, n := range f.Graph {
		d.Graph = append(d.Graph, nodeDocument(n))
	}
	if f.ReportOnly {
		d.Exit, d.ReportOnly = 0, true
	}
	for _, u := range r.Unchecked {
		d.Unchecked = append(d.Unchecked, uncheckedDocument(u, s))
	}
}

func signerCounts(counts []authz.SignerCount) []signerCount {
	var docs []signerCount
	for _, c := range counts {
		docs = append(docs, signerCount{string(c.Key), c.Name, c.Commits})
	}
	return docs
}

func refusalDocument(r *authz.Refusal, s Started) refusalDoc {
	return refusalDoc{
		Commit: r.Commit.String(), Subject: r.Subject, Reason: string(r.Reason), Detail: r.Detail,
		Signer: signerDocument(r.Signer), ClaimedSigner: r.Claimed, Parent: idOrEmpty(r.Parent), Rule: string(r.Rule),
		Expected: string(r.Expected), Hint: hintFor(r, s),
	}
}

func uncheckedDocument(u *authz.UncheckedError, s Started) uncheckedDoc {
	return uncheckedDoc{u.Commit.String(), string(u.Reason), u.Detail, hintForUnchecked(u, s)}
}

func signerDocument(s *authz.Signer) *signerDoc {
	if s == nil {
		return nil
	}
	return &signerDoc{string(s.Key), fingerprints(s.Primaries), s.Name, s.Algorithm}
}

func fingerprints(list []signer.Fingerprint) []string {
	var out []string
	for _, f := range list {
		out = append(out, string(f))
	}
	return out
}

func idOrEmpty(id gitwalk.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func (d *document) explain(e Explained) {
	d.start(e.Started)
	v := e.Examination.Verdict
	d.end(outcome.OfVerdict(v))
	d.Commit, d.Subject, d.Standing = v.Commit.String(), v.Subject, string(e.Examination.Standing)
	d.Signer = signerDocument(v.Signer)
	for _, step := range e.Steps {
		d.Steps = append(d.Steps, stepDoc{step.Name, string(step.Result), idOrEmpty(step.Commit), step.Text})
	}
	if v.Refusal != nil {
		d.Refusals = []refusalDoc{refusalDocument(v.Refusal, e.Started)}
	}
	if v.Unchecked != nil {
		d.Unchecked = []uncheckedDoc{uncheckedDocument(v.Unchecked, e.Started)}
	}
}

func (d *document) keys(e Keys) {
	d.done()
	d.Keyring, d.Revision, d.Tip = e.Keyring.Name, e.Revision, idOrEmpty(e.At)
	for _, key := range e.Keyring.Keys() {
		d.Keys = append(d.Keys, keyDocument(key, e.Authorized))
	}
	for _, skipped := range e.Keyring.Skipped {
		d.Skipped = append(d.Skipped, skipDoc(skipped))
	}
	if e.Authorized == nil {
		return
	}
	d.Authorizations = e.Format.FileName()
	for _, entry := range e.Authorized.Entries() {
		_, found := e.Keyring.Lookup(entry.Key)
		found = found || entry.Key.IsSSH()
		d.Authorized = append(d.Authorized, entryDoc{
			string(entry.Key), entry.Name, entry.Rights.String(), entry.Paths, &found,
		})
	}
}

func keyDocument(key keyring.Key, authorized *authz.Authorizations) keyDoc {
	doc := keyDoc{
		Fingerprint: string(key.Fingerprint), Kind: "openpgp", Algorithm: key.Algorithm,
		Primaries: fingerprints(key.Primaries), Claims: key.UserIDs, File: key.File,
		Created: timeOrNil(key.Created), Expires: timeOrNil(key.Expires), Revoked: key.Revoked, Unusable: key.Usable,
	}
	if key.Fingerprint.IsSSH() {
		doc.Kind = "ssh"
	}
	if entry, ok := entryOf(authorized, key); ok {
		doc.AuthorizedAs = entry.Name
	}
	return doc
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (d *document) trusted(e Trusted) {
	d.done()
	d.Introduction = &introductionDoc{Commit: e.Introduction.Commit.String(), Signer: string(e.Introduction.Signer)}
	d.Authorizations = e.Introduction.Format.FileName()
	d.Subject, d.Signer, d.Branch, d.RecordedIn = e.Subject, signerDocument(e.Signer), e.Branch, e.File
}

func (d *document) fail(f Failed) {
	d.end(f.Class)
	d.Error = &errorDoc{Class: f.Class.Name, Reason: string(f.Reason), Message: f.Error.Error(), Hint: f.Hint}
}
