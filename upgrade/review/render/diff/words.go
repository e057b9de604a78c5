package diff

import (
	"strings"
	"unicode"
)

// tokens cuts a line into words, blanks and single signs.
func tokens(line string) []string {
	var list []string
	start, last := 0, 0
	for i, r := range line {
		kind := sort(r)
		if i > 0 && (kind != last || kind == sign) {
			list = append(list, line[start:i])
			start = i
		}
		last = kind
	}
	if start < len(line) {
		list = append(list, line[start:])
	}
	return list
}

const (
	sign = iota
	blank
	word
)

func sort(r rune) int {
	switch {
	case unicode.IsSpace(r):
		return blank
	case r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r):
		return word
	}
	return sign
}

// words says what of two lines that belong together is only in one of them.
func words(a, b string) (before, after []Span) {
	left, right := tokens(a), tokens(b)
	isLeft, isRight := make([]bool, len(left)), make([]bool, len(right))
	for _, pair := range common(left, right, mostWords) {
		isLeft[pair[0]], isRight[pair[1]] = true, true
	}
	return spans(left, isLeft), spans(right, isRight)
}

// spans joins tokens. A blank between two words that are others is one too: it would only break the mark. How far a line is indented says
// nothing.
func spans(list []string, common []bool) []Span {
	var joined []Span
	for i, token := range list {
		changed := !common[i]
		if common[i] && i > 0 && i+1 < len(list) && strings.TrimSpace(token) == "" {
			changed = !common[i-1] && !common[i+1]
		}
		if i == 0 && len(list) > 1 && strings.TrimSpace(token) == "" {
			changed = false
		}
		if last := len(joined) - 1; last >= 0 && joined[last].Changed == changed {
			joined[last].Text += token
			continue
		}
		joined = append(joined, Span{Text: token, Changed: changed})
	}
	return joined
}

// alike pairs lines that have become one another, in order: pairs that have the most in common, taken together. Of too many lines none are
// paired.
func alike(a, b []string) [][2]int {
	const enough = 4000 // pairs to compare
	if len(a) == 0 || len(b) == 0 || len(a)*len(b) > enough {
		return nil
	}
	bags := make([]map[string]int, len(b))
	for j, line := range b {
		bags[j] = bag(line)
	}
	best := make([][]float64, len(a)+1) // of the lines from i and j on
	for i := range best {
		best[i] = make([]float64, len(b)+1)
	}
	likeness := make([][]float64, len(a))
	for i := len(a) - 1; i >= 0; i-- {
		likeness[i] = make([]float64, len(b))
		own := bag(a[i])
		for j := len(b) - 1; j >= 0; j-- {
			likeness[i][j] = similar(own, bags[j])
			best[i][j] = max(best[i+1][j], best[i][j+1], best[i+1][j+1]+likeness[i][j])
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case likeness[i][j] > 0 && best[i][j] == best[i+1][j+1]+likeness[i][j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case best[i][j] == best[i+1][j]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// bag is how often each word and sign is in a line. Blanks say nothing, nor do the signs that are in every line.
func bag(line string) map[string]int {
	counts := map[string]int{}
	for _, token := range tokens(line) {
		if strings.TrimSpace(token) != "" && !strings.ContainsAny(token, ",;()") {
			counts[strings.ToLower(token)]++
		}
	}
	return counts
}

// similar is which part of two lines is common, 0 if it is less than two fifths.
func similar(a, b map[string]int) float64 {
	const least = 0.4
	shared, all := 0, 0
	for token, n := range a {
		shared += min(n, b[token])
		all += n
	}
	for _, n := range b {
		all += n
	}
	if all == 0 {
		return 0
	}
	if part := 2 * float64(shared) / float64(all); part >= least {
		return part
	}
	return 0
}
