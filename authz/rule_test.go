package authz

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

// fileWith is the file with this content, none if it is empty.
func fileWith(f Format, content string) *File {
	if content == "" {
		return &File{}
	}
	id, _ := gitwalk.Hash(gitwalk.KindBlob, []byte(content))
	file := &File{Entry: gitwalk.Entry{Mode: gitwalk.ModeFile, Name: f.FileName(), ID: id}}
	file.Authorizations, file.Err = ParseAuthorizations(f, []byte(content))
	return file
}

// executable is the same file with another mode.
func executable(f *File) *File {
	other := *f
	other.Entry.Mode = gitwalk.ModeExecutable
	return &other
}

// linked is a file that is a symbolic link.
func linked(f Format) *File {
	entry := gitwalk.Entry{Mode: gitwalk.ModeSymlink, Name: f.FileName(), ID: gitwalk.ID{1}}
	return &File{Entry: entry, Err: errors.New("it is a symbolic link instead of a file")}
}

// commitID is the id of the commit that the cases judge; parentID is that of its
// nth parent, counted from 1, and no id for 0.
var commitID = gitwalk.ID{0xC0}

func parentID(n int) gitwalk.ID { return gitwalk.ID{byte(n)} }

// factsOf are the facts of a commit that alice has signed well.
func factsOf(file *File, parents ...*File) *Facts {
	f := &Facts{Commit: commitID, Subject: "subject", File: file, Signed: true, Signature: signedBy(alice, 0)}
	for i, p := range parents {
		f.Parents = append(f.Parents, Parent{ID: parentID(i + 1), File: p})
	}
	return f
}

func signedBy(k fakeKey, w signer.Weakness) signer.Result {
	return signer.Result{Identity: &signer.Identity{Key: k.fingerprint()}, Weakness: w}
}

// A verdictWanted is what matters of a verdict: the reason, the number of the
// deciding parent, the name of the signer, and a part of the detail.
type verdictWanted struct {
	reason Reason // empty: authentic
	parent int
	signer string // "-": none was verified
	detail string
}

var authentic = verdictWanted{signer: "alice"}

func (w verdictWanted) check(t *testing.T, v *Verdict) {
	t.Helper()
	var got verdictWanted
	detail := ""
	switch {
	case v.Refusal != nil && v.Unchecked != nil:
		t.Fatal("both refused and unchecked")
	case v.Refusal != nil:
		got.reason, detail = v.Refusal.Reason, v.Refusal.Detail
		got.parent = int(v.Refusal.Parent[0])
		if v.Refusal.Commit != commitID || v.Refusal.Subject != "subject" || v.Refusal.Signer != v.Signer {
			t.Errorf("%+v", v.Refusal)
		}
	case v.Unchecked != nil:
		got.reason, detail = v.Unchecked.Reason, v.Unchecked.Detail
		if v.Unchecked.Commit != commitID {
			t.Errorf("%+v", v.Unchecked)
		}
	}
	got.signer, got.detail = "-", w.detail
	if v.Signer != nil {
		got.signer = v.Signer.Name
	}
	if got != w || !strings.Contains(detail, w.detail) {
		t.Errorf("%+v %q\ninstead of\n%+v", got, detail, w)
	}
	if v.Authentic() != (w.reason == "") || v.Commit != commitID || v.Subject != "subject" {
		t.Errorf("%+v", v)
	}
}

// TestRuleSignature has every way in which a signature can fail, in a commit
// that is otherwise in order.
func TestRuleSignature(t *testing.T) {
	problem := func(k signer.Kind) signer.Result {
		return signer.Result{Problem: &signer.Problem{Kind: k, Claimed: "1234", Detail: "some detail"}}
	}
	for _, c := range []struct {
		name    string
		result  signer.Result
		claimed string
		want    verdictWanted
	}{
		{"good", signedBy(alice, 0), "", authentic},
		{"malformed", problem(signer.Malformed), "1234", verdictWanted{MalformedCommit, 0, "-", "some detail"}},
		{"unsupported", problem(signer.Unsupported), "1234", verdictWanted{UnsupportedSignature, 0, "-", "some detail"}},
		{"weak for all", problem(signer.Weak), "1234", verdictWanted{WeakSignature, 0, "-", "some detail"}},
		{"unknown key", problem(signer.UnknownKey), "1234", verdictWanted{UnknownKey, 0, "-", "some detail"}},
		{"bad", problem(signer.BadSignature), "1234", verdictWanted{BadSignature, 0, "-", "some detail"}},
		{"identity and problem", signer.Result{Identity: signedBy(alice, 0).Identity, Problem: problem(signer.BadSignature).Problem},
			"1234", verdictWanted{BadSignature, 0, "-", "some detail"}},
		{"SHA-1", signedBy(alice, signer.WeakSHA1), string(alice.fingerprint()), verdictWanted{WeakSignature, 0, "-", "SHA-1"}},
		{"SHA-1 by an unknown key", signer.Result{Problem: problem(signer.UnknownKey).Problem, Weakness: signer.WeakSHA1},
			"1234", verdictWanted{WeakSignature, 0, "-", "SHA-1"}},
		{"nothing", signer.Result{}, "", verdictWanted{BadSignature, 0, "-", "proves no key"}},
		{"nothing and weak", signer.Result{Weakness: signer.WeakSHA1}, "", verdictWanted{WeakSignature, 0, "-", "SHA-1"}},
		{"no fingerprint", signer.Result{Identity: &signer.Identity{}}, "", verdictWanted{BadSignature, 0, "-", "proves no key"}},
	} {
		for _, f := range []Format{NixFormat, GuixFormat} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) {
				w := newWorld(t, f)
				facts := factsOf(fileWith(f, w.listing(alice)), fileWith(f, w.listing(alice)))
				facts.Signature = c.result
				v := w.policy.Judge(facts)
				c.want.check(t, v)
				if v.Refusal != nil && v.Refusal.Claimed != c.claimed {
					t.Errorf("claimed %q", v.Refusal.Claimed)
				}
			})
		}
	}
}

func TestRuleUnsigned(t *testing.T) {
	w := newWorld(t, NixFormat)
	facts := factsOf(fileWith(NixFormat, w.listing(alice)), fileWith(NixFormat, w.listing(alice)))
	facts.Signed = false // whatever the result says
	verdictWanted{Unsigned, 0, "-", "no signature"}.check(t, w.policy.Judge(facts))
}

func TestRuleMalformedCommit(t *testing.T) {
	w := newWorld(t, NixFormat)
	facts := factsOf(fileWith(NixFormat, w.listing(alice)), fileWith(NixFormat, w.listing(alice)))
	facts.Malformed = errors.New("two trees")
	verdictWanted{MalformedCommit, 0, "-", "two trees"}.check(t, w.policy.Judge(facts))
}

// TestRuleWeakness has which weaknesses are refused where.
func TestRuleWeakness(t *testing.T) {
	const all = signer.WeakSHA1 | signer.WeakDSA | signer.WeakRSA
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newWorld(t, f)
		w.historical(alice)
		none, some := &File{}, fileWith(f, w.listing(alice))
		for _, c := range []struct {
			name    string
			file    *File
			parents []*File
			guix    signer.Weakness // what Guix refuses there
		}{
			{"no file", none, []*File{none}, 0},
			{"first file", some, []*File{none}, signer.WeakSHA1},
			{"file", some, []*File{some}, signer.WeakSHA1},
			{"file of the first parent", none, []*File{some, none}, signer.WeakSHA1},
			{"file of the second parent", none, []*File{none, some}, signer.WeakSHA1},
			{"a link as file", linked(f), []*File{none}, signer.WeakSHA1},
		} {
			refused := all
			if f == GuixFormat {
				refused = c.guix
			}
			for weak := range all + 1 {
				facts := factsOf(c.file, c.parents...)
				facts.Signature = signedBy(alice, weak)
				v := w.policy.Judge(facts)
				isWeak := v.Refusal != nil && v.Refusal.Reason == WeakSignature
				if isWeak != (weak&refused != 0) {
					t.Errorf("%s, %s, signed with %s: %v", f, c.name, weak, v.Refusal)
				}
				if isWeak && !strings.Contains(v.Refusal.Detail, (weak&refused).String()) {
					t.Errorf("%s, %s, signed with %s: %s", f, c.name, weak, v.Refusal.Detail)
				}
			}
		}
	}
}

// TestRuleParents has who must list the signer, and which parent is named.
func TestRuleParents(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newWorld(t, f)
		both := fileWith(f, w.listing(alice, bob))
		one, other := fileWith(f, w.listing(alice)), fileWith(f, w.listing(bob))
		bad, tree := fileWith(f, "{"), &File{Err: errors.New("two entries of one name")}
		none, link := &File{}, linked(f)
		for _, c := range []struct {
			name    string
			file    *File
			parents []*File
			want    verdictWanted
		}{
			{"one", one, []*File{one}, authentic},
			{"both", both, []*File{both, one}, authentic},
			{"twice the same", one, []*File{one, one}, authentic},
			{"three", both, []*File{both, one, both}, authentic},
			{"none", one, nil, verdictWanted{Unauthorized, 0, "", "no parent"}},
			{"not listed", other, []*File{other}, verdictWanted{Unauthorized, 1, "", "not listed"}},
			{"listed by itself only", one, []*File{other}, verdictWanted{Unauthorized, 1, "", "not listed"}},
			{"not by the first", both, []*File{other, one}, verdictWanted{Unauthorized, 1, "", "not listed"}},
			{"not by the second", both, []*File{one, other}, verdictWanted{Unauthorized, 2, "", "not listed"}},
			{"not by the third", both, []*File{one, both, other}, verdictWanted{Unauthorized, 3, "", "not listed"}},
			{"no file", one, []*File{none}, verdictWanted{Unauthorized, 1, "", "no authorizations file"}},
			{"no second file", one, []*File{one, none}, verdictWanted{Unauthorized, 2, "", "no authorizations file"}},
			{"malformed", one, []*File{bad}, verdictWanted{MalformedAuthorizations, 1, "", "column"}},
			{"second malformed", one, []*File{one, bad}, verdictWanted{MalformedAuthorizations, 2, "", "column"}},
			{"malformed tree", one, []*File{tree}, verdictWanted{MalformedAuthorizations, 1, "", "two entries"}},
			{"link", one, []*File{link}, verdictWanted{MalformedAuthorizations, 1, "", "symbolic link"}},
			{"malformed before not listed", one, []*File{bad, other}, verdictWanted{MalformedAuthorizations, 1, "", ""}},
			{"not listed before malformed", one, []*File{other, bad}, verdictWanted{Unauthorized, 1, "", "not listed"}},
		} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) {
				c.want.check(t, w.policy.Judge(factsOf(c.file, c.parents...)))
			})
		}
	}
}

// TestRuleOwnFile has what a commit may leave in place of the file.
func TestRuleOwnFile(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newWorld(t, f)
		w.historical(alice)
		one, none, bad, link := fileWith(f, w.listing(alice)), &File{}, fileWith(f, "{"), linked(f)
		for _, c := range []struct {
			name    string
			file    *File
			parents []*File
			want    verdictWanted
		}{
			{"none before and after", none, []*File{none}, authentic},
			{"added", one, []*File{none}, authentic},
			{"executable", executable(one), []*File{one}, authentic},
			{"removed", none, []*File{one}, verdictWanted{AuthorizationsRemoved, 1, "alice", "removes " + f.FileName()}},
			{"removed by a merge", none, []*File{none, one}, verdictWanted{AuthorizationsRemoved, 2, "alice", "removes"}},
			{"malformed", bad, []*File{one}, verdictWanted{MalformedAuthorizations, 0, "alice", "column"}},
			{"malformed and first", bad, []*File{none}, verdictWanted{MalformedAuthorizations, 0, "alice", "column"}},
			{"link", link, []*File{one}, verdictWanted{MalformedAuthorizations, 0, "alice", "symbolic link"}},
			{"malformed as before", bad, []*File{bad}, verdictWanted{MalformedAuthorizations, 1, "", "of its parent"}},
		} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) {
				c.want.check(t, w.policy.Judge(factsOf(c.file, c.parents...)))
			})
		}
	}
}

// TestRuleHistorical has when the historical authorizations stand in for a file.
func TestRuleHistorical(t *testing.T) {
	for _, f := range []Format{NixFormat, GuixFormat} {
		w := newWorld(t, f)
		one, other, none := fileWith(f, w.listing(alice)), fileWith(f, w.listing(bob)), &File{}
		for _, c := range []struct {
			name       string
			historical []fakeKey
			parents    []*File
			want       verdictWanted
		}{
			{"listed", []fakeKey{alice}, []*File{none}, authentic},
			{"not listed", []fakeKey{bob}, []*File{none}, verdictWanted{Unauthorized, 1, "", "not listed"}},
			{"not beside a file", []fakeKey{alice}, []*File{other}, verdictWanted{Unauthorized, 1, "", "not listed"}},
			{"not for a malformed file", []fakeKey{alice}, []*File{fileWith(f, "{")}, verdictWanted{MalformedAuthorizations, 1, "", ""}},
			{"not for a malformed tree", []fakeKey{alice}, []*File{{Err: errors.New("bad tree")}}, verdictWanted{MalformedAuthorizations, 1, "", "bad tree"}},
			{"merge of both", []fakeKey{alice}, []*File{one, none}, authentic},
			{"merge with a parent that has none", []fakeKey{bob}, []*File{one, none}, verdictWanted{Unauthorized, 2, "", "not listed"}},
		} {
			t.Run(c.name+" "+f.FileName(), func(t *testing.T) {
				w.historical(c.historical...)
				c.want.check(t, w.policy.Judge(factsOf(one, c.parents...)))
			})
		}
	}
}

// TestRuleSubkey has that a subkey stands for its primary key in one format.
func TestRuleSubkey(t *testing.T) {
	for f, want := range map[Format]verdictWanted{NixFormat: authentic, GuixFormat: {Unauthorized, 1, "", "not listed"}} {
		w := newWorld(t, f)
		facts := factsOf(fileWith(f, w.listing(alice)), fileWith(f, w.listing(alice)))
		facts.Signature.Identity = &signer.Identity{Key: bob.fingerprint(), Primaries: []signer.Fingerprint{alice.fingerprint()}}
		want.check(t, w.policy.Judge(facts))
	}
}

func TestRefusalText(t *testing.T) {
	r := &Refusal{Commit: commitID, Reason: Unsigned, Detail: "it has no signature"}
	if want := fmt.Sprintf("commit %s is refused: unsigned: it has no signature", commitID); r.Error() != want {
		t.Errorf("%q", r.Error())
	}
	cause := &gitwalk.MissingError{ID: parentID(1)}
	u := &UncheckedError{Commit: commitID, Reason: MissingObject, Detail: "a detail", Cause: cause}
	if want := fmt.Sprintf("commit %s could not be checked: missing-object: a detail", commitID); u.Error() != want || !errors.Is(u, cause) {
		t.Errorf("%q", u.Error())
	}
}

// TestReasonOfEveryKind has no kind of problem without a reason.
func TestReasonOfEveryKind(t *testing.T) {
	var reasons []Reason
	for k := signer.Malformed; k <= signer.BadSignature; k++ {
		if reasonOf[k] == "" || slices.Contains(reasons, reasonOf[k]) {
			t.Errorf("kind %d is %q", k, reasonOf[k])
		}
		reasons = append(reasons, reasonOf[k])
	}
}
