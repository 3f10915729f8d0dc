package gitrepo

// cacheHalf bounds each half of a baseCache in bytes of content.
const cacheHalf = 8 << 20

// A baseCache remembers objects of packs, since one that was read is likely to be
// the base of a delta that is read soon. When the new half is full it becomes the
// old one, and what was the old one is forgotten.
type baseCache struct {
	young, old map[place]object
	size       int // of young
}

// A place is where in a pack an object is.
type place struct {
	pack   *packReader
	offset int64
}

func (c *baseCache) get(r *packReader, offset int64) (object, bool) {
	at := place{r, offset}
	if o, ok := c.young[at]; ok {
		return o, true
	}
	o, ok := c.old[at]
	if ok {
		c.put(r, offset, o)
	}
	return o, ok
}

// put remembers an object, whose content must not change from now on, and says
// true, unless the object is too large.
func (c *baseCache) put(r *packReader, offset int64, o object) bool {
	const overhead = 128 // bytes of a map entry, roughly
	if len(o.content) > cacheHalf/4 {
		return false
	}
	if c.young == nil || c.size > cacheHalf {
		c.young, c.old, c.size = make(map[place]object), c.young, 0
	}
	c.young[place{r, offset}] = o
	c.size += len(o.content) + overhead
	return true
}
