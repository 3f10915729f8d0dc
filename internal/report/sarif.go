package report

import (
	"encoding/json"
	"io"
	"slices"

	"github.com/nix-authorize/nix-authorize/authz"
)

// maxResults is how many results of a run GitHub shows.
const maxResults = 5000

// SARIF is the handler for tools that collect findings: it writes one document of
// SARIF 2.1.0 (OASIS) when it is closed.
type SARIF struct {
	collector
	Out     io.Writer
	Version string // of this program
}

// Handle implements Handler.
func (s *SARIF) Handle(e Event) { s.collect(e) }

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID      string    `json:"id"`
	Short   sarifText `json:"shortDescription"`
	HelpURI string    `json:"helpUri"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool `json:"executionSuccessful"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

const (
	projectURI = "https://github.com/nix-authorize/nix-authorize"
	helpURI    = projectURI + "/blob/main/docs/spec.md#outcomes"
)

// Close writes the document.
func (s *SARIF) Close() error {
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "nix-authorize", Version: s.Version, InformationURI: projectURI, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: s.failed == nil}},
		Results:     []sarifResult{},
	}
	// A result needs a place in the tree, and a commit is none: it is that of the
	// file by which it was judged.
	file := s.started.Policy.Introduction.Format.FileName()
	if file == "" {
		file = authz.NixFormat.FileName()
	}
	for _, f := range s.findings[:min(len(s.findings), maxResults)] {
		run.add(f, file)
	}
	content, err := json.MarshalIndent(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(s.Out, ascii(string(content))+"\n")
	return err
}

func (r *sarifRun) add(f finding, file string) {
	rules := &r.Tool.Driver.Rules
	rule := slices.IndexFunc(*rules, func(known sarifRule) bool { return known.ID == f.reason })
	if rule < 0 {
		rule = len(*rules)
		*rules = append(*rules, sarifRule{f.reason, sarifText{"nix-authorize: " + f.reason}, helpURI})
	}
	text := Printable(f.detail)
	if f.commit != "" {
		text = "commit " + f.commit + ": " + text
	}
	if f.hint != "" {
		text += " (" + Printable(f.hint) + ")"
	}
	result := sarifResult{
		RuleID: f.reason, RuleIndex: rule, Level: f.level, Message: sarifText{text},
		Locations: []sarifLocation{{sarifPhysical{sarifArtifact{file}, sarifRegion{1}}}},
	}
	if f.commit != "" {
		result.Fingerprints = map[string]string{"commit/v1": f.reason + " " + f.commit}
	}
	r.Results = append(r.Results, result)
}
