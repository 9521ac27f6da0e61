module example.com/own

go 1.22
toolchain go1.22.1

require github.com/a/b v1.2.3 // indirect
require (
	golang.org/x/net v0.17.0
	odd
)
replace github.com/a/b => github.com/c/b v1.2.4
replace (
	golang.org/x/net v0.17.0 => ../net
	nothing
)
exclude golang.org/x/net v0.16.0
retract v1.0.0
