// Package outcome has the classes in which every command ends, each with one
// stable exit code, and the error that carries a class and a hint.
package outcome

import (
	"context"
	"errors"

	"github.com/nix-authorize/nix-authorize/authz"
)

// A Class is how a command ended.
type Class struct {
	Name string // as in JSON
	Exit int    // the exit code
}

// The classes.
var (
	Authentic   = Class{string(authz.Authentic), 0}
	Refused     = Class{string(authz.Refused), 1}
	Usage       = Class{"usage", 2}
	Downgrade   = Class{"downgrade", 3}
	Stale       = Class{"stale", 4}
	Unchecked   = Class{string(authz.Unchecked), 5}
	Interrupted = Class{"interrupted", 130}
)

// The reasons of the classes Downgrade and Stale.
const (
	ReasonDowngrade authz.Reason = "downgrade"
	ReasonStale     authz.Reason = "stale"
)

// Of is the class of a judged history.
func Of(o authz.Outcome) Class {
	switch o {
	case authz.Authentic:
		return Authentic
	case authz.Refused:
		return Refused
	}
	return Unchecked
}

// OfVerdict is the class of one judged commit.
func OfVerdict(v *authz.Verdict) Class {
	switch {
	case v.Refusal != nil:
		return Refused
	case v.Unchecked != nil:
		return Unchecked
	}
	return Authentic
}

// An Error ends a command that is not done.
type Error struct {
	Class Class
	// Reason is the stable word for why, or empty for wrong usage.
	Reason authz.Reason
	// Err is what went wrong, or nil if all has been said: the verdict is.
	Err error
	// Hint says what to do next, in words for everybody, or is empty.
	Hint string
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Class.Name
	}
	return e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// UsageError says that the command was called or configured wrongly.
func UsageError(err error, hint string) *Error {
	return &Error{Class: Usage, Err: err, Hint: hint}
}

// UncheckedError says that the repository does not allow a verdict.
func UncheckedError(reason authz.Reason, err error, hint string) *Error {
	return &Error{Class: Unchecked, Reason: reason, Err: err, Hint: hint}
}

// From gives every error a class: its own, that of an interrupt, or Unchecked
// for what nobody foresaw.
func From(err error) *Error {
	var classed *Error
	switch {
	case errors.As(err, &classed):
		return classed
	case errors.Is(err, context.Canceled):
		return &Error{Class: Interrupted, Err: errors.New("interrupted")}
	}
	return UncheckedError(authz.CannotCheck, err, "")
}
