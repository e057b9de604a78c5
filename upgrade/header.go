package upgrade

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// header is what the comments at the head of a migration say about it:
//
//	-- coco:phase NAME             which phase it belongs to; only in the file that goes up
//	-- coco:lock TABLE MODE        the strongest lock that it takes on a table that was there before coco, a line each
//	-- coco:rewrites TABLE         it writes this table anew
//
// The first sentence of the other comments says what the migration does.
type header struct {
	phase    string
	summary  string
	locks    []Lock
	rewrites []string
}

var directive = regexp.MustCompile(`^-- coco:(phase|lock|rewrites)\s+(\S+)\s*(.*)$`)

func readHeader(text string) (header, error) {
	var (
		h     header
		prose []string
	)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		words := directive.FindStringSubmatch(line)
		if words == nil && (strings.HasPrefix(line, "-- coco:") || line != "" && !strings.HasPrefix(line, "--")) {
			break // the body, or what is included into it
		}
		switch {
		case words == nil:
			prose = append(prose, strings.TrimSpace(strings.TrimPrefix(line, "--")))
		case words[1] == "phase":
			h.phase = words[2]
		case words[1] == "lock":
			lock := Lock{Table: words[2], Mode: LockMode(strings.ToUpper(strings.Join(strings.Fields(words[3]), " ")))}
			if lock.Mode.order() < 0 {
				return header{}, fmt.Errorf("no lock mode is called %q", words[3])
			}
			h.locks = append(h.locks, lock)
		default:
			h.rewrites = append(h.rewrites, words[2])
		}
	}
	slices.SortStableFunc(h.locks, func(a, b Lock) int { return b.Mode.order() - a.Mode.order() })
	h.summary = firstSentence(prose)
	return h, nil
}

// firstSentence returns the text up to its first full stop, without it.
func firstSentence(lines []string) string {
	text := strings.Join(strings.Fields(strings.Join(lines, " ")), " ") + " "
	sentence, _, _ := strings.Cut(text, ". ")
	return strings.TrimSpace(sentence)
}
