package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

const schemaFile = "../../docs/schema.json"

// TestSchemaFile holds docs/schema.json to the document that is written. With
// UPDATE_SCHEMA in the environment it writes the file.
func TestSchemaFile(t *testing.T) {
	want, err := json.MarshalIndent(schemaOfDocument(t), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if os.Getenv("UPDATE_SCHEMA") != "" {
		if err := os.WriteFile(schemaFile, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(have, want) {
		t.Errorf("docs/schema.json is not that of the document, %v; UPDATE_SCHEMA=1 go test ./internal/report -run TestSchemaFile writes it", err)
	}
}

type object = map[string]any

// schemaWriter makes a schema (JSON Schema, draft 7) of Go types.
type schemaWriter struct{ definitions object }

func schemaOfDocument(t *testing.T) object {
	w := schemaWriter{object{}}
	schema := w.object(reflect.TypeFor[document]())
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["$id"] = "https://github.com/nix-authorize/nix-authorize/blob/main/docs/schema.json"
	schema["title"] = "nix-authorize, schema version 1"
	schema["description"] = "The document that every command writes with --format json. New fields may come without a new version. docs/json.md explains them."
	schema["definitions"] = w.definitions
	for name, fields := range narrower() {
		in := schema
		if name != "" {
			in = w.definitions[name].(object)
		}
		for field, narrow := range fields {
			if in["properties"].(object)[field] == nil {
				t.Errorf("%q has no field %s", name, field)
			}
			in["properties"].(object)[field] = narrow
		}
	}
	return schema
}

func (w *schemaWriter) of(typ reflect.Type) object {
	switch typ.Kind() {
	case reflect.Pointer:
		return w.of(typ.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": w.of(typ.Elem())}
	case reflect.Struct:
		if typ == reflect.TypeFor[time.Time]() {
			return object{"type": "string", "format": "date-time"}
		}
		name := strings.TrimSuffix(typ.Name(), "Doc")
		if w.definitions[name] == nil {
			w.definitions[name] = object{}
			w.definitions[name] = w.object(typ)
		}
		return object{"$ref": "#/definitions/" + name}
	}
	panic("no schema for " + typ.String())
}

func (w *schemaWriter) object(typ reflect.Type) object {
	properties, required := object{}, []string{}
	for i := range typ.NumField() {
		field := typ.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" && field.Anonymous {
			inner := w.object(field.Type)
			maps.Copy(properties, inner["properties"].(object))
			if more, ok := inner["required"].([]string); ok {
				required = append(required, more...)
			}
			continue
		}
		properties[name] = w.of(field.Type)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	schema := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// narrower are fields that can have less than their type, by definition; the document
// itself has no name.
func narrower() map[string]map[string]any {
	refused := []string{"unsigned", "bad-signature", "weak-signature", "unsupported-signature", "unknown-key", "unauthorized",
		"path", "threshold", "not-mechanical", "not-vouched", "malformed-commit", "malformed-authorizations",
		"authorizations-removed", "wrong-introduction", "not-descendant"}
	unchecked := []string{"missing-object", "corrupt-object", "cannot-check"}
	id := object{"type": "string", "pattern": "^[0-9a-f]{40}$"}
	enum := func(values ...string) object { return object{"enum": values} }
	return map[string]map[string]any{
		"": {
			"schema_version": object{"const": SchemaVersion}, "tip": id, "commit": id,
			"outcome": enum("authentic", "refused", "usage", "downgrade", "stale", "could-not-check", "interrupted", "done"),
			"exit":    object{"enum": []int{0, 1, 2, 3, 4, 5, 130}},
		},
		"introduction": {"commit": id},
		"refusal":      {"commit": id, "parent": id, "reason": enum(refused...)},
		"unchecked":    {"commit": id, "reason": enum(unchecked...)},
		"newCommit": {
			"commit": id, "reason": enum(append(refused[:len(refused):len(refused)], unchecked...)...),
			"outcome": enum("authentic", "refused", "could-not-check"),
		},
		"check": {
			"kind": enum("merge", "commit", "nothing"), "base": id, "head": id,
			"rule": enum("strict", "signed", "vouched"), "relation": enum("contained", "fast-forward", "diverged", "unrelated"),
			"needs": enum("nothing", "merge", "fast-forward", "signed-merge"),
		},
	}
}
