package main

import "syscall"

// childAttributes: a process group of its own, ended by the kernel should this process be killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
