# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034,SC2054
# The emulated machine. It restarts by itself when its kernel does so; when it has been switched off, the guest has said whether
# it is to be switched on again, and with which command line. What it asks of the scenario's functions here is done meanwhile.

machine_pid=

# machine_run ROOT_DIRECTORY: until the scenario is over; status 1 where it does not come to that, and why in $place/why.
# A shell of its own, whose functions are the scenario's, too.
machine_run() (
	status=0
	# shellcheck source=/dev/null
	. "$scenarios_dir/${scenario[name]}"
	network_open && peer_start "$1" && machine_boots "$1" || status=$?
	network_close
	exit "$status"
)

machine_boots() {
	local root=$1 append=${scenario[append]} last asked=0 end=$((SECONDS + scenario[timeout]))
	machine_disks "$root" || return
	while :; do
		machine_start "$root" "$append" && machine_wait "$end" || return
		last=$(tr -d '\r\0' < "$place/talk.log" | grep -aE '^(done|power-cycle|crash)\b' | tail -n 1)
		case $last in
		done) return ;;
		power-cycle*) append=${last#power-cycle} ;;
		*) echo "switched off, and the scenario is not over" > "$place/why"; return 1 ;;
		esac
	done
}

machine_disks() {
	cp --sparse=always --reflink=auto "$1/root.img" "$place/root.img" && truncate -s 2G "$place/scratch.img" && : > "$place/talk.log" || return
	mkfifo "$place/monitor.in" && : > "$place/monitor.out" || return
	[ "${scenario[arch]}" = amd64 ] || truncate -s 64M "$place/truth"
}

# machine_start ROOT_DIRECTORY APPEND
machine_start() {
	local root=$1 arguments
	arguments=(-accel "${KMORTEM_ACCEL:-tcg,thread=multi}" -m "${scenario[memory]}" -smp "${scenario[cpus]}"
		-display none -chardev "pipe,id=monitor,path=$place/monitor" -mon chardev=monitor -kernel "$root/vmlinuz" -initrd "$root/initrd"
		-append "root=/dev/vda rw console=$(machine_console) no_timer_check net.ifnames=0 systemd.show_status=0 $2"
		-drive "file=$place/root.img,if=virtio,format=raw,cache=unsafe"
		-drive "file=${place%/peer}/kit.img,if=virtio,format=raw,cache=unsafe,readonly=on"
		-drive "file=$place/scratch.img,if=virtio,format=raw,cache=unsafe"
		-chardev "file,id=console,path=$place/console.log,append=on" -serial chardev:console
		-chardev "file,id=talk,path=$place/talk.log,append=on")
	mapfile -t -O "${#arguments[@]}" arguments < <(machine_hardware; scenario_hardware; network_arguments)
	# shellcheck disable=SC2086 # words
	$INSIDE "$(machine_emulator)" "${arguments[@]}" < /dev/null > "$place/emulator.log" 2>&1 &
	machine_pid=$!
	echo "$machine_pid" > "$place/emulator.pid"
}

scenario_hardware() { [ "$(type -t hardware)" != function ] || hardware; }

# machine_command WORD…: for the emulator's monitor.
machine_command() { echo "$*" > "$place/monitor.in"; }

machine_console() { case ${scenario[arch]} in arm64) echo ttyAMA0 ;; *) echo ttyS0 ;; esac; }

# machine_hardware: words for the emulator, one a line: the machine, the guest's way to talk, and where it tells the truth, which
# must not take a driver's work after a crash is near: a port, or where there are none, a disk.
machine_hardware() {
	case ${scenario[arch]} in
	arm64) printf '%s\n' -machine virt -cpu cortex-a57 -device virtio-serial-pci -device virtserialport,chardev=talk,name=talk \
		-drive "file=$place/truth,if=virtio,format=raw,cache=unsafe" ;;
	*) printf '%s\n' -cpu qemu64 -serial chardev:talk \
		-chardev "file,id=truth,path=$place/truth,append=on" -device isa-debugcon,iobase=0xe9,chardev=truth ;;
	esac
}

machine_emulator() { case ${scenario[arch]} in arm64) echo qemu-system-aarch64 ;; *) echo qemu-system-x86_64 ;; esac; }

# machine_wait END: until it is switched off.
machine_wait() {
	local status=0 why
	while kill -0 "$machine_pid" 2> /dev/null; do
		why=
		[ "$SECONDS" -lt "$1" ] || why="not over after ${scenario[timeout]} s"
		# Kernels are loaded at once, or never.
		! tail -n 1 "$place/console.log" 2> /dev/null | grep -aq 'end Kernel panic' || why='a panic that started no capture kernel'
		if [ "$why" ]; then
			echo "$why" > "$place/why"
			kill "$machine_pid"
			status=1
		fi
		machine_heed
		sleep 0.5
	done
	wait "$machine_pid" || { status=1; tail -n 3 "$place/emulator.log" >> "$place/why"; }
	rm "$place/emulator.pid"
	return "$status"
}

# machine_heed: "host WORD…" of the guest is the function host_WORD of the scenario.
machine_heed() {
	local word words
	while read -r word words; do
		asked=$((asked + 1))
		# shellcheck disable=SC2086 # words
		"host_$word" $words < /dev/null >> "$place/host.log" 2>&1
	done < <(tr -d '\r\0' < "$place/talk.log" | sed -n 's/^host //p' | tail -n "+$((asked + 1))")
}

machine_blame() {
	echo "# the end of the console of ${scenario[name]}:"
	tail -n 60 "$place/console.log" | tr -d '\r\0' | sed 's/^/#   /'
}

machine_end() {
	local file
	[ "$BASHPID" = $$ ] || return
	for file in "$work"/*/*.pid; do xargs kill < "$file"; done
	[ -n "${KMORTEM_GUESTS_KEEP-}" ] || rm -rf "$work"
}
