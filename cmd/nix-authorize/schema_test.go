package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/xeipuuv/gojsonschema"
)

// schema is docs/schema.json, which allows fields that it does not have: new ones may
// come without a new version. Here they may not, so that every field is documented.
var schema = sync.OnceValues(func() (*gojsonschema.Schema, error) {
	content, err := os.ReadFile(filepath.Join("..", "..", "docs", "schema.json"))
	if err != nil {
		return nil, err
	}
	var document map[string]any
	if err := json.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	close := func(object any) { object.(map[string]any)["additionalProperties"] = false }
	close(document)
	for _, definition := range document["definitions"].(map[string]any) {
		close(definition)
	}
	return gojsonschema.NewSchema(gojsonschema.NewGoLoader(document))
})

// checkSchema validates what a command has written.
func checkSchema(t testing.TB, text string) {
	t.Helper()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Validate(gojsonschema.NewStringLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range result.Errors() {
		t.Errorf("the document is not what docs/schema.json says: %s", problem)
	}
}

// The schema itself refuses what is no such document.
func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	const good = `{"schema_version":1,"command":"verify","outcome":"refused","exit":1`
	for name, text := range map[string]string{
		"another version":  `{"schema_version":2,"command":"verify","outcome":"refused","exit":1}`,
		"no outcome":       `{"schema_version":1,"command":"verify","exit":1}`,
		"unknown reason":   good + `,"refusals":[{"commit":"9151d50a84402526277383f6356592bc2caf701f","reason":"x","detail":"","rule":""}]}`,
		"a short id":       good + `,"tip":"9151"}`,
		"an unknown field": good + `,"x":1}`,
	} {
		if result, err := s.Validate(gojsonschema.NewStringLoader(text)); err != nil || result.Valid() {
			t.Errorf("%s is valid, %v", name, err)
		}
	}
	if result, err := s.Validate(gojsonschema.NewStringLoader(good + "}")); err != nil || !result.Valid() {
		t.Error(result, err)
	}
}
