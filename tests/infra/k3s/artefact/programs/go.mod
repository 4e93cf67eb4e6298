module nereus.invalid/k3s-test-programs

go 1.24

// The network plugin that hands flannel's subnet on: Debian's plugins come without it.
require github.com/containernetworking/plugins v0.8.6 // indirect

require (
	github.com/Microsoft/go-winio v0.4.11 // indirect
	github.com/Microsoft/hcsshim v0.8.6 // indirect
	github.com/buger/jsonparser v0.0.0-20180808090653-f4dd9f5a6b44 // indirect
	github.com/containernetworking/cni v0.7.1 // indirect
	github.com/sirupsen/logrus v1.0.6 // indirect
	golang.org/x/crypto v0.0.0-20181009213950-7c1a557ab941 // indirect
	golang.org/x/sys v0.0.0-20190616124812-15dcb6c0061f // indirect
)

tool github.com/containernetworking/plugins/plugins/meta/flannel
