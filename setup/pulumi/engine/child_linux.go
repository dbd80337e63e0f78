package engine

import "syscall"

// childAttributes gives the child its own process group; the kernel kills the child if this process is killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
