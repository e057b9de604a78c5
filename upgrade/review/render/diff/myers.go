package diff

// common pairs the equal elements of two lists, in order: each pair is an index of a and one of b. It is the longest such list, unless
// that takes more than limit elements to leave out or put in; then what lies between the equal beginnings and ends is not paired at all.
func common[T comparable](a, b []T, limit int) [][2]int {
	var pairs [][2]int
	first := 0
	for first < len(a) && first < len(b) && a[first] == b[first] {
		pairs = append(pairs, [2]int{first, first})
		first++
	}
	last := 0
	for last < len(a)-first && last < len(b)-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	for _, pair := range shortest(a[first:len(a)-last], b[first:len(b)-last], limit) {
		pairs = append(pairs, [2]int{pair[0] + first, pair[1] + first})
	}
	for i := last; i > 0; i-- {
		pairs = append(pairs, [2]int{len(a) - i, len(b) - i})
	}
	return pairs
}

// shortest looks for the shortest way from a to b as Myers does (An O(ND) Difference Algorithm, 1986): reach[k] is how far into a one
// comes on diagonal k with so many changes. The reach of each number of changes is kept, to find the way back.
func shortest[T comparable](a, b []T, limit int) [][2]int {
	if len(a) == 0 || len(b) == 0 {
		return nil
	}
	most := min(len(a)+len(b), limit)
	reach := make([]int, 2*most+3)
	var kept [][]int
	at := func(k int) int { return k + most + 1 }
	for changes := 0; changes <= most; changes++ {
		kept = append(kept, append([]int(nil), reach[at(-changes)-1:at(changes)+2]...))
		for k := -changes; k <= changes; k += 2 {
			x := reach[at(k-1)] + 1
			if k == -changes || k != changes && reach[at(k-1)] < reach[at(k+1)] {
				x = reach[at(k+1)]
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			reach[at(k)] = x
			if x >= len(a) && x-k >= len(b) {
				return back(kept, len(a), len(b))
			}
		}
	}
	return nil
}

// back follows the way from its end: what it passes on a diagonal is equal.
func back(kept [][]int, x, y int) [][2]int {
	var pairs [][2]int
	for changes := len(kept) - 1; changes >= 0 && x+y > 0; changes-- {
		reach := func(k int) int { return kept[changes][k+changes+1] }
		k := x - y
		from := k - 1
		if k == -changes || k != changes && reach(k-1) < reach(k+1) {
			from = k + 1
		}
		fromX := reach(from)
		fromY := fromX - from
		if changes == 0 {
			fromX, fromY = 0, 0
		}
		for x > fromX && y > fromY {
			x, y = x-1, y-1
			pairs = append(pairs, [2]int{x, y})
		}
		x, y = fromX, fromY
	}
	for i, j := 0, len(pairs)-1; i < j; i, j = i+1, j-1 {
		pairs[i], pairs[j] = pairs[j], pairs[i]
	}
	return pairs
}
