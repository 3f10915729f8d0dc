package authz

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/nix-authorize/nix-authorize/gitwalk"
	"github.com/nix-authorize/nix-authorize/keyring/signer"
)

func TestApprovalMessage(t *testing.T) {
	const want = "nix-authorize approval v1\n" +
		"previous e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" +
		"next ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\n"
	if got := string(ApprovalMessage(sha256.Sum256(nil), sha256.Sum256([]byte("abc")))); got != want {
		t.Errorf("%q", got)
	}
}

// approve is an entry of a tree: an approval by a key of one file instead of another.
func (w *world) approve(by fakeKey, old, now string) gitwalk.Entry {
	return w.approveWith(by.sign, ApprovalNamespace, old, now)
}

func (w *world) approveWith(sign func(string) string, namespace, old, now string) gitwalk.Entry {
	message := ApprovalMessage(sha256.Sum256([]byte(old)), sha256.Sum256([]byte(now)))
	signature := sign(namespace + "\n" + string(message))
	name := fmt.Sprintf("%x", sha256.Sum256([]byte(signature)))
	return gitwalk.Entry{Mode: gitwalk.ModeFile, Name: ApprovalDir + "/" + name[:8], ID: w.blob(signature)}
}

// approved is a commit with a file and approvals.
func (w *world) approved(by fakeKey, file string, approvals []gitwalk.Entry, parents ...gitwalk.ID) gitwalk.ID {
	entries := append([]gitwalk.Entry{{Mode: gitwalk.ModeFile, Name: NixFormat.FileName(), ID: w.blob(file)}}, approvals...)
	if file == "" {
		entries = approvals
	}
	return w.commitTree(by, w.treeWithin(entries...), parents...)
}

// TestThreshold has changes of a file that needs two of alice, bob and carol, made by
// alice, with all kinds of approvals.
func TestThreshold(t *testing.T) {
	w := newWorld(t, NixFormat)
	old := nixFile("threshold: 2", "alice", "bob", "carol may: [authorize]")
	now := nixFile("threshold: 2", "alice", "bob", "carol", "dave")
	other := nixFile("", "alice")
	intro := w.introduce(w.commit(alice, old), alice)
	at := func(path string, e gitwalk.Entry) gitwalk.Entry { e.Name = path; return e }
	mode := func(m gitwalk.Mode, e gitwalk.Entry) gitwalk.Entry { e.Mode = m; return e }
	bobs := w.approve(bob, old, now)
	huge := gitwalk.Entry{Mode: gitwalk.ModeFile, Name: ApprovalDir + "/a", ID: w.blob(strings.Repeat("x", maxApproval+1))}
	for _, c := range []struct {
		name      string
		approvals []gitwalk.Entry
		want      Reason
	}{
		{"none", nil, Threshold},
		{"by another", []gitwalk.Entry{bobs}, ""},
		{"by one who may only authorize", []gitwalk.Entry{w.approve(carol, old, now)}, ""},
		{"by both others", []gitwalk.Entry{bobs, w.approve(carol, old, now)}, ""},
		{"by the signer", []gitwalk.Entry{w.approve(alice, old, now)}, Threshold},
		{"by the signer and another", []gitwalk.Entry{w.approve(alice, old, now), bobs}, ""},
		{"by one whom only the new file lists", []gitwalk.Entry{w.approve("dave", old, now)}, Threshold},
		{"by an unknown key", []gitwalk.Entry{w.approve(eve, old, now)}, Threshold},
		{"of another new file", []gitwalk.Entry{w.approve(bob, old, other)}, Threshold},
		{"of another old file", []gitwalk.Entry{w.approve(bob, other, now)}, Threshold},
		{"of the change back", []gitwalk.Entry{w.approve(bob, now, old)}, Threshold},
		{"of no old file", []gitwalk.Entry{w.approve(bob, "", now)}, Threshold},
		{"for another purpose", []gitwalk.Entry{w.approveWith(bob.sign, "git", old, now)}, Threshold},
		{"of something else", []gitwalk.Entry{w.approveWith(bob.signOther, ApprovalNamespace, old, now)}, Threshold},
		{"with SHA-1", []gitwalk.Entry{w.approveWith(bob.signWeakly(signer.WeakSHA1), ApprovalNamespace, old, now)}, Threshold},
		{"with DSA", []gitwalk.Entry{w.approveWith(bob.signWeakly(signer.WeakDSA), ApprovalNamespace, old, now)}, Threshold},
		{"executable", []gitwalk.Entry{mode(gitwalk.ModeExecutable, bobs)}, ""},
		{"a link", []gitwalk.Entry{mode(gitwalk.ModeSymlink, bobs)}, Threshold},
		{"a submodule", []gitwalk.Entry{mode(gitwalk.ModeGitlink, bobs)}, Threshold},
		{"under any name", []gitwalk.Entry{at(ApprovalDir+"/README.txt", bobs)}, ""},
		{"in a directory below", []gitwalk.Entry{at(ApprovalDir+"/bob/approval", bobs)}, Threshold},
		{"beside the directory", []gitwalk.Entry{at(".nix-authorizations.d/bob", bobs)}, Threshold},
		{"at the root", []gitwalk.Entry{at("approvals/bob", bobs)}, Threshold},
		{"instead of the directory", []gitwalk.Entry{at(ApprovalDir, bobs)}, Threshold},
		{"instead of the directory above", []gitwalk.Entry{at(".nix-authorizations.d", bobs)}, Threshold},
		{"in a directory spelled otherwise", []gitwalk.Entry{at(".nix-authorizations.d/Approvals/bob", bobs)}, Threshold},
		{"a huge one", []gitwalk.Entry{huge}, Threshold},
		{"a huge one and a good one", []gitwalk.Entry{huge, bobs}, ""},
		{"no signature and a good one", []gitwalk.Entry{{Mode: gitwalk.ModeFile, Name: ApprovalDir + "/a", ID: w.blob("approved")}, bobs}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tip := w.approved(alice, now, c.approvals, intro)
			if c.want == "" {
				w.accepts(tip)
				return
			}
			r := w.refuses(tip, tip, c.want)
			if r.Parent != intro || !strings.Contains(r.Detail, "which needs the agreement of 2 keys and has that of 1") {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestThresholdCounts has how many agree, whoever signs.
func TestThresholdCounts(t *testing.T) {
	w := newWorld(t, NixFormat)
	old := nixFile("threshold: 3", "alice", "bob", "carol", "dave")
	now := nixFile("", "alice")
	intro := w.introduce(w.commit(alice, old), alice)
	all := []fakeKey{alice, bob, carol}
	for _, by := range all {
		for set := range 1 << len(all) {
			agree := map[fakeKey]bool{by: true}
			var approvals []gitwalk.Entry
			for i, key := range all {
				if set>>i&1 != 0 {
					approvals = append(approvals, w.approve(key, old, now))
					agree[key] = true
				}
			}
			tip := w.approved(by, now, approvals, intro)
			v := w.judge(tip)
			if v.Authentic() != (len(agree) == 3) || len(v.Approvers) != 1 || len(v.Approvers[0].Have) != len(agree) ||
				v.Approvers[0].Missing() != 3-len(agree) || v.Approvers[0].Parent != intro {
				t.Errorf("%s with %b: %+v %+v", by, set, v, v.Approvers)
			}
		}
	}
}

// TestThresholdChanges has which changes need approval, and by whose file.
func TestThresholdChanges(t *testing.T) {
	w := newWorld(t, NixFormat)
	two, one := nixFile("threshold: 2", "alice", "bob", "carol"), nixFile("", "alice", "bob", "carol")
	intro := w.introduce(w.commit(alice, two), alice)
	by := func(file string, approvals ...gitwalk.Entry) gitwalk.ID {
		return w.approved(alice, file, approvals, intro)
	}
	lower := by(one)
	w.refuses(lower, lower, Threshold)
	w.accepts(by(one, w.approve(bob, two, one)))
	for _, file := range []string{
		nixFile("threshold: 3", "alice", "bob", "carol"),
		nixFile("threshold: 2\nmerges: vouched", "alice", "bob", "carol"),
		nixFile("threshold: 2", "alice", "bob"),
		two + "# a comment\n",
	} {
		tip := by(file)
		w.refuses(tip, tip, Threshold)
		w.accepts(by(file, w.approve(bob, two, file)))
	}
	executable := w.commitTree(alice, w.treeWith(gitwalk.ModeExecutable, two), intro)
	w.refuses(executable, executable, Threshold)
	removed := by("", w.approve(bob, two, ""))
	w.refuses(removed, removed, AuthorizationsRemoved)
	broken := by("{", w.approve(bob, two, "{"))
	w.refuses(broken, broken, MalformedAuthorizations)
	// Raising it needs what was enough before.
	first := w.introduce(w.commit(alice, one), alice)
	raised := w.approved(alice, two, nil, first)
	w.accepts(raised)
	back := w.approved(alice, one, nil, raised)
	w.refuses(back, back, Threshold)
}

// TestThresholdReplay has that what was approved once is approved whenever the same
// file is to become the same other one, and only then.
func TestThresholdReplay(t *testing.T) {
	w := newWorld(t, NixFormat)
	a, b, c := nixFile("threshold: 2", "alice", "bob"), nixFile("threshold: 2", "alice", "bob", "carol"), nixFile("threshold: 2", "alice", "bob", "dave")
	intro := w.introduce(w.commit(alice, a), alice)
	kept := []gitwalk.Entry{w.approve(bob, a, b)}
	second := w.approved(alice, b, kept, intro)
	w.accepts(second)
	third := w.approved(alice, c, kept, second)
	w.refuses(third, third, Threshold)
	back := w.approved(alice, a, kept, second)
	w.refuses(back, back, Threshold)
	back = w.approved(alice, a, append(kept, w.approve(bob, b, a)), second)
	w.accepts(w.approved(alice, b, kept, back))
}

// TestThresholdOfEachParent has merges: each parent that counts asks for itself.
func TestThresholdOfEachParent(t *testing.T) {
	w := newWorld(t, NixFormat)
	one := nixFile("", "alice", "bob", "carol")
	two := nixFile("threshold: 2", "alice", "bob", "carol")
	new := nixFile("threshold: 2", "alice", "bob", "carol", "dave")
	intro := w.introduce(w.commit(alice, one), alice)
	left, right := w.approved(alice, two, nil, intro), w.approved(alice, new, nil, intro)
	w.accepts(left)
	merge := func(file string, approvals ...gitwalk.Entry) gitwalk.ID {
		return w.approved(alice, file, approvals, left, right)
	}
	for name, c := range map[string]struct {
		tip    gitwalk.ID
		parent gitwalk.ID // zero: authentic
	}{
		"the second's":                       {merge(new), left},
		"the second's, approved":             {merge(new, w.approve(bob, two, new)), gitwalk.ID{}},
		"the first's":                        {merge(two), right},
		"the first's, approved":              {merge(two, w.approve(bob, new, two)), gitwalk.ID{}},
		"neither's":                          {merge(one), left},
		"neither's, approved for the first":  {merge(one, w.approve(bob, two, one)), right},
		"neither's, approved for the second": {merge(one, w.approve(bob, new, one)), left},
		"neither's, approved for both":       {merge(one, w.approve(bob, two, one), w.approve(carol, new, one)), gitwalk.ID{}},
	} {
		switch v := w.judge(c.tip); {
		case c.parent.IsZero():
			w.accepts(c.tip)
		case v.Refusal == nil || v.Refusal.Reason != Threshold || v.Refusal.Parent != c.parent:
			t.Errorf("%s: %+v", name, v.Refusal)
		}
	}
}

// TestThresholdOfFirstParent has that in a signed merge only the first parent asks.
func TestThresholdOfFirstParent(t *testing.T) {
	w := newWorld(t, NixFormat)
	two := nixFile("threshold: 2\nmerges: signed", "alice", "bob", "carol")
	other := nixFile("threshold: 2\nmerges: signed", "alice", "bob", "carol", "dave")
	intro := w.introduce(w.commit(alice, two), alice)
	side := w.approved("", other, nil, intro)
	w.accepts(w.approved(alice, two, nil, intro, side))
	taken := w.approved(alice, other, nil, intro, side)
	w.refuses(taken, taken, Threshold)
	w.accepts(w.approved(alice, other, []gitwalk.Entry{w.approve(carol, two, other)}, intro, side))
}

// TestThresholdSubkeys has that a primary key and its subkeys are one where one entry
// stands for them, and two where each has an entry.
func TestThresholdSubkeys(t *testing.T) {
	w := newWorld(t, NixFormat)
	subkey := signer.Result{Identity: &signer.Identity{Key: "5" + eve.fingerprint()[1:], Primaries: []signer.Fingerprint{alice.fingerprint()}}}
	two := fileWith(NixFormat, nixFile("threshold: 2", "alice", "bob"))
	each := fileWith(NixFormat, nixFile("threshold: 2", "alice", "bob")+fmt.Sprintf("- {name: laptop, openpgp: %s}\n", subkey.Identity.Key))
	for _, c := range []struct {
		name     string
		file     *File
		by       signer.Result
		approves []signer.Result
		want     int
	}{
		{"the same key", two, signedBy(alice, 0), []signer.Result{signedBy(alice, 0), signedBy(alice, 0)}, 1},
		{"its subkey", two, signedBy(alice, 0), []signer.Result{subkey}, 1},
		{"signed by its subkey", two, subkey, []signer.Result{signedBy(alice, 0), subkey}, 1},
		{"another", two, subkey, []signer.Result{signedBy(alice, 0), signedBy(bob, 0)}, 2},
		{"its subkey with an entry", each, signedBy(alice, 0), []signer.Result{subkey}, 2},
		{"a problem beside an identity", two, signedBy(alice, 0), []signer.Result{{Identity: signedBy(bob, 0).Identity, Problem: &signer.Problem{}}}, 1},
		{"nobody", two, signedBy(alice, 0), []signer.Result{{}}, 1},
	} {
		facts := factsOf(fileWith(NixFormat, nixFile("", "alice")), c.file)
		facts.Signature = c.by
		e := goodEvidence()
		e.approvals = func(string) iterResults { return all(nil, c.approves...) }
		facts.Evidence = e
		v := w.policy.Judge(facts)
		if len(v.Approvers) != 1 || len(v.Approvers[0].Have) != c.want || v.Authentic() != (c.want == 2) {
			t.Errorf("%s: %+v", c.name, v.Approvers)
		}
	}
}

// TestThresholdEnough has that nothing more is read when enough have agreed.
func TestThresholdEnough(t *testing.T) {
	w := newWorld(t, NixFormat)
	facts := factsOf(fileWith(NixFormat, nixFile("", "alice")), fileWith(NixFormat, nixFile("threshold: 2", "alice", "bob", "carol")))
	e := goodEvidence()
	e.approvals = func(string) iterResults { return all[signer.Result](&gitwalk.MissingError{}, signedBy(bob, 0)) }
	facts.Evidence = e
	if v := w.policy.Judge(facts); !v.Authentic() {
		t.Errorf("%+v", v.Unchecked)
	}
}

// TestThresholdHistorical has that a file that is new needs what the historical
// authorizations ask for. What it replaces is a file without content.
func TestThresholdHistorical(t *testing.T) {
	w := newWorld(t, NixFormat)
	w.policy.Historical = mustParse(t, NixFormat, nixFile("threshold: 2", "alice", "bob"))
	now := nixFile("", "alice")
	intro := w.introduce(w.commit(alice, ""), alice)
	tip := w.approved(alice, now, nil, intro)
	w.refuses(tip, tip, Threshold)
	w.accepts(w.approved(alice, now, []gitwalk.Entry{w.approve(bob, "", now)}, intro))
}

// TestThresholdTrees has trees in which approvals cannot be looked up in one way only,
// too many of them, and some that are not there.
func TestThresholdTrees(t *testing.T) {
	w := newWorld(t, NixFormat)
	old, now := nixFile("threshold: 2", "alice", "bob"), nixFile("", "alice")
	intro := w.introduce(w.commit(alice, old), alice)
	bobs := w.approve(bob, old, now)
	bobs.Name = "bob"
	twice := w.tree(bobs, bobs)
	within := func(approvals gitwalk.ID) gitwalk.ID {
		return w.commitTree(alice, w.tree(
			gitwalk.Entry{Mode: gitwalk.ModeFile, Name: ".nix-authorizations", ID: w.blob(now)},
			gitwalk.Entry{Mode: gitwalk.ModeTree, Name: ".nix-authorizations.d", ID: w.tree(gitwalk.Entry{Mode: gitwalk.ModeTree, Name: "approvals", ID: approvals})},
		), intro)
	}
	w.accepts(within(w.tree(bobs)))
	tip := within(twice)
	if r := w.refuses(tip, tip, Threshold); !strings.Contains(r.Detail, "cannot be read") {
		t.Error(r.Detail)
	}
	var many []gitwalk.Entry
	for i := range maxApprovals {
		many = append(many, gitwalk.Entry{Mode: gitwalk.ModeFile, Name: fmt.Sprintf("a%04d", i), ID: w.blob("approved")})
	}
	w.accepts(within(w.tree(append(many[1:maxApprovals:maxApprovals], bobs)...)))
	tip = within(w.tree(append(many, bobs)...))
	if r := w.refuses(tip, tip, Threshold); !strings.Contains(r.Detail, "more than 1000 files") {
		t.Error(r.Detail)
	}
	tip = within(w.tree(bobs))
	for _, id := range []gitwalk.ID{bobs.ID, w.tree(bobs)} {
		v := w.verifier()
		v.Objects = w.without(id)
		if r, err := v.Verify(t.Context(), tip); err != nil || r.Outcome() != Unchecked || r.Unchecked[0].Reason != MissingObject || r.Unchecked[0].Commit != tip {
			t.Errorf("%v %v", r, err)
		}
	}
}
