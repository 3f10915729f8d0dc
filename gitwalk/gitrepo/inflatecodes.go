package gitrepo

// lengthOrder is in which order the code of the lengths is given (RFC 1951, section
// 3.2.7).
var lengthOrder = [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block.
func (z *inflater) readCodes() bool {
	head, ok := z.take(14)
	literals, distances, n := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if !ok || !z.readLengthCode(n) {
		return false
	}
	var lengths [257 + 31 + 32]uint8
	if !z.readLengths(lengths[:literals+distances]) || literals > 286 || distances > 30 {
		return false
	}
	far := lengths[literals : literals+distances]
	return z.own.literal.build(fastLiteral, lengths[:literals], literalMeaning) &&
		(z.own.distance.build(fastDistance, far, distanceMeaning) || z.own.distance.buildSingle(fastDistance, far, distanceMeaning))
}

func (z *inflater) readLengthCode(n int) bool {
	var lengths [len(lengthOrder)]uint8
	for _, symbol := range lengthOrder[:n] {
		length, ok := z.take(3)
		if !ok {
			return false
		}
		lengths[symbol] = uint8(length)
	}
	return z.lengths.build(fastLengths, lengths[:], lengthMeaning)
}

// readLengths reads the length of each code.
func (z *inflater) readLengths(lengths []uint8) bool {
	for i := 0; i < len(lengths); {
		if z.n < 14 {
			z.refill()
		}
		e, ok := z.symbol()
		if !ok {
			return false
		}
		symbol := uint8(e >> 16)
		if symbol <= maxCode {
			lengths[i] = symbol
			i++
			continue
		}
		length, times, ok := z.run(symbol, lengths[:i])
		if !ok || times > len(lengths)-i {
			return false
		}
		for range times {
			lengths[i] = length
			i++
		}
	}
	return true
}

// run reads how often a length comes that is given but once.
func (z *inflater) run(symbol uint8, before []uint8) (length uint8, times int, ok bool) {
	var n uint64
	switch symbol {
	case 16:
		if n, ok = z.take(2); len(before) == 0 {
			return 0, 0, false
		}
		return before[len(before)-1], int(n) + 3, ok
	case 17:
		n, ok = z.take(3)
		return 0, int(n) + 3, ok
	}
	n, ok = z.take(7)
	return 0, int(n) + 11, ok
}
