//go:build !linux

package connect

import "time"

func setUserTimeout(uintptr, time.Duration) {}
