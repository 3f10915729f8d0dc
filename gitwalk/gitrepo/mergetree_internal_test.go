package gitrepo

// NewMergerWith returns a Merger that fills scratch repositories up to a size.
func NewMergerWith(scratchSize int64) *Merger { return &Merger{scratchSize: scratchSize} }
