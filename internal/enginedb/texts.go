package enginedb

import (
	"math/rand/v2"
	"strconv"

	"github.com/google/uuid"
)

// Texts makes parameter texts quickly: a head of its own for each, and lines from a supply made once.
// It serves one goroutine at a time.
type Texts struct {
	min, max int
	lines    []string
	buffer   []byte
}

// NewTexts makes the supply. Texts are between least and most bytes long.
func NewTexts(rng *rand.Rand, least, most int) *Texts {
	words := []string{
		"diskAlias", "description", "entityInfo", "storageDomainId", "imageGroupID", "destinationImageId", "vmSnapshotId",
		"correlationId", "quotaId", "memSizeMb", "Beschreibung f\u00FCr \u65E5\u672C \U0001F680", `quote \" and \\ back`, "COW", "Sparse",
	}
	t := &Texts{min: least, max: most}
	for i := range 2048 {
		key := words[rng.IntN(10)] + strconv.Itoa(i)
		switch rng.IntN(4) {
		case 0:
			id := derivedID(rng.Uint64(), 0, 0)
			t.lines = append(t.lines, `  "`+key+`" : [ "org.ovirt.engine.core.compat.Guid", {`+"\n"+
				`    "uuid" : "`+formatID(id)+`"`+"\n  } ],\n")
		case 1:
			t.lines = append(t.lines, `  "`+key+`" : `+strconv.FormatUint(rng.Uint64()>>rng.IntN(64), 10)+",\n")
		case 2:
			t.lines = append(t.lines, `  "`+key+`" : null,`+"\n")
		default:
			t.lines = append(t.lines, `  "`+key+`" : "`+words[rng.IntN(len(words))]+`",`+"\n")
		}
	}
	return t
}

const textTail = `  "sessionId" : ""` + "\n}"

// Next returns a JSON object of the class, or a longer one than was asked for if its head and tail need more.
func (t *Texts) Next(rng *rand.Rand, class string, command, pool [16]byte) string {
	length := t.min + rng.IntN(t.max-t.min+1)
	b := t.buffer[:0]
	b = append(b, "{\n  \"@class\" : \""+classPrefix...)
	b = append(b, class...)
	b = append(b, "\",\n  \"commandId\" : [ \"org.ovirt.engine.core.compat.Guid\", {\n    \"uuid\" : \""...)
	b = append(b, formatID(command)...)
	b = append(b, "\"\n  } ],\n  \"storagePoolId\" : \""...)
	b = append(b, formatID(pool)...)
	b = append(b, "\",\n"...)
	const note, end = `  "note" : "`, "\",\n"
	for i := rng.IntN(len(t.lines)); ; i++ {
		line := t.lines[i%len(t.lines)]
		if len(b)+len(line)+len(note)+len(end)+len(textTail) > length {
			break
		}
		b = append(b, line...)
	}
	if gap := length - len(b) - len(note) - len(end) - len(textTail); gap >= 0 {
		b = append(b, note...)
		for range gap {
			b = append(b, 'x')
		}
		b = append(b, end...)
	}
	b = append(b, textTail...)
	t.buffer = b
	return string(b)
}

func formatID(id [16]byte) string { return uuid.UUID(id).String() }
