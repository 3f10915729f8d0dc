package authz

// parsedHalf bounds each half of parsedFiles, in bytes of the files' content. What
// is made of a file takes up to three times as much.
const parsedHalf = 4 << 20

// parsedFiles remembers what files say, since neighbours in a history mostly
// have the same one. A history can have more of them than fit into memory: when
// the young half is full it becomes the old one, and what was the old one is
// forgotten.
type parsedFiles struct {
	young, old map[fileRef]parsedFile
	size       int // of young
}

type parsedFile struct {
	file *File
	size int // of its content in bytes
}

func (p *parsedFiles) get(ref fileRef) (*File, bool) {
	if parsed, ok := p.young[ref]; ok {
		return parsed.file, true
	}
	parsed, ok := p.old[ref]
	if ok {
		p.put(ref, parsed)
	}
	return parsed.file, ok
}

func (p *parsedFiles) put(ref fileRef, parsed parsedFile) {
	const overhead = 256 // bytes of an entry without content, roughly
	if p.young == nil || p.size > parsedHalf {
		p.young, p.old, p.size = make(map[fileRef]parsedFile), p.young, 0
	}
	p.young[ref] = parsed
	p.size += parsed.size + overhead
}
