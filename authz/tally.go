package authz

func (r *run) count(v *Verdict) {
	if !v.Authentic() {
		return
	}
	r.report.Authentic++
	if v.Mechanics != nil {
		r.report.Vouched++
	}
	switch {
	case v.Signer != nil:
		r.signers.Add(v.Signer)
	case len(v.Vouchers) > 0:
		r.signers.Add(&v.Vouchers[0].Signer)
	}
}

func (r *run) record(v *Verdict) {
	r.observe(v)
	if v.Refusal != nil {
		r.refuse(v.Refusal)
	}
	if v.Unchecked != nil {
		r.unchecked(v.Unchecked)
	}
}

func (r *run) refuse(refusal *Refusal) {
	r.report.Refusals = append(r.report.Refusals, refusal)
}

func (r *run) unchecked(unchecked *UncheckedError) {
	r.report.UncheckedCount++
	if r.MaxRefusals == 0 || len(r.report.Unchecked) < r.MaxRefusals {
		r.report.Unchecked = append(r.report.Unchecked, unchecked)
	}
}
