package gitwalk

// dateQueue is a binary heap with the newest commit on top; among equals, the one that
// was met first, so that the order is the same on every machine. It does what
// container/heap does, without an allocation for each commit that comes and goes.
type dateQueue []queueItem

type queueItem struct {
	date int64
	node uint32
}

// before says whether a comes off the queue before b.
func (a queueItem) before(b queueItem) bool {
	if a.date != b.date {
		return a.date > b.date
	}
	return a.node < b.node
}

func (q *dateQueue) push(item queueItem) {
	*q = append(*q, item)
	h := *q
	for i := len(h) - 1; i > 0; {
		above := (i - 1) / 2
		if !h[i].before(h[above]) {
			break
		}
		h[i], h[above] = h[above], h[i]
		i = above
	}
}

// pop takes the first item off a queue that is not empty.
func (q *dateQueue) pop() queueItem {
	h := *q
	first, last := h[0], len(h)-1
	h[0] = h[last]
	h = h[:last]
	*q = h
	for i := 0; ; {
		next := 2*i + 1
		if next >= len(h) {
			return first
		}
		if next+1 < len(h) && h[next+1].before(h[next]) {
			next++
		}
		if !h[next].before(h[i]) {
			return first
		}
		h[i], h[next] = h[next], h[i]
		i = next
	}
}
