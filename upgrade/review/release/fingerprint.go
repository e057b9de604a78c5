package release

import (
	"crypto/sha256"
	"encoding/hex"
)

// Fingerprint stands for what a body does: white space, comments, and the case of whatever is not quoted, make no difference.
func Fingerprint(body string) string {
	hash := sha256.New()
	for _, t := range tokens(body) {
		hash.Write([]byte(t.text))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
