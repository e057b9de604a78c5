package sql

//go:generate go run ../internal/schemagen .
