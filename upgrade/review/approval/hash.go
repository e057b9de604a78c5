// Package approval ties an upgrade to what somebody has agreed to: a hash over everything that the upgrade runs and over the catalog of the
// database that it is run on. What coco itself has made or replaced there does not count, so the hash is the same before, during and after.
//
// Whatever anybody else changes gives another hash: a procedure, also one that coco has installed, a table or what is part of it, a type, an
// owner, a right, a default privilege, a setting of the database, an extension, the server's major version. Rows do not count, nor what the
// server measures: sizes, estimates, the values of sequences. Roles, what they are members of, and settings of the server are no part of a
// database and are not in it either.
package approval

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Part is one of the things that a hash stands for, in words.
type Part string

// The parts, in the order of their marks.
const (
	// Plan is what is run: the files of all steps and of their way back, the statements of the program between them, and where it ends.
	Plan Part = "the plan"
	// Procedures are functions, procedures, aggregates, operators and casts, with all their attributes.
	Procedures Part = "the procedures"
	// Tables are tables, views, sequences and types, with everything that is part of one.
	Tables Part = "the tables"
	// Rights are owners, privileges and settings.
	Rights Part = "owners, rights or settings"
)

// Parts are all of them.
func Parts() []Part { return []Part{Plan, Procedures, Tables, Rights} }

const (
	rootBytes = 16
	markBytes = 2
	parts     = 4
	group     = 4 // digits between two dashes
)

// Hash is what somebody agrees to. Two of them are compared with ==.
//
// It is written as 48 hexadecimal digits in groups of four. The first 32 are 128 bits of a SHA-256 over all parts: to find two upgrades with
// the same ones takes about 2^64 attempts, to find another one for a given hash 2^128. The other groups are one for each part; they only tell
// which one differs, and miss it one time in 65,536.
type Hash struct {
	root  [rootBytes]byte
	marks [parts * markBytes]byte
}

// ErrNoHash is what Parse returns for a text that is none.
var ErrNoHash = errors.New("not 48 hexadecimal digits")

// String writes the hash as people read it to each other: 3b1f-0d2a-….
func (h Hash) String() string {
	digits := hex.EncodeToString(append(slices.Clone(h.root[:]), h.marks[:]...))
	var groups []string
	for part := range slices.Chunk([]byte(digits), group) {
		groups = append(groups, string(part))
	}
	return strings.Join(groups, "-")
}

// Parse reads what String has written. Capital letters, other gaps and none do as well.
func Parse(text string) (Hash, error) {
	digits := strings.NewReplacer("-", "", " ", "", ":", "").Replace(text)
	bytes, err := hex.DecodeString(digits)
	if err != nil || len(bytes) != rootBytes+parts*markBytes {
		return Hash{}, fmt.Errorf("%q: %w", text, ErrNoHash)
	}
	var h Hash
	copy(h.root[:], bytes)
	copy(h.marks[:], bytes[rootBytes:])
	return h, nil
}

// differing are the parts whose marks differ. None may, by chance or where a digit of the others was mistyped.
func (h Hash) differing(other Hash) []Part {
	var found []Part
	for i, part := range Parts() {
		if h.mark(i) != other.mark(i) {
			found = append(found, part)
		}
	}
	return found
}

func (h Hash) mark(i int) [markBytes]byte { return [markBytes]byte(h.marks[i*markBytes:]) }

// hashOf puts a hash together.
func hashOf(content map[Part][]string) Hash {
	var h Hash
	root := sha256.New()
	for i, part := range Parts() {
		sum := digest(content[part])
		copy(h.marks[i*markBytes:], sum[:markBytes])
		_, _ = root.Write(sum[:]) // a hash does not fail
	}
	copy(h.root[:], root.Sum(nil))
	return h
}

// digest is over lines, in whatever order they come.
func digest(lines []string) [sha256.Size]byte {
	sum := sha256.New()
	for _, line := range slices.Sorted(slices.Values(lines)) {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(line), line) // a hash does not fail
	}
	return [sha256.Size]byte(sum.Sum(nil))
}
