# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Recipes: lines "key: value", "#" for comments.

declare -A recipe=()

# recipe_read NAME: fills the array, defaults first; unknown keys are errors.
recipe_read() {
    local file=$lab_dir/recipes/$1 line key value
    [[ -f $file ]] || die "no recipe $1; 'lab list' names them all"
    recipe=([name]=$1 [suite]=bookworm [arch]=amd64 [kernel]="" [memory]=512M [cpus]=2 [cpu]="" [scenario]=sick
        [crash]=sysrq-c [append]="" [crashkernel]=192M [raw]=yes [capture]=guest [timeout]=420)
    while IFS= read -r line; do
        [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
        key=${line%%:*}
        value=${line#*: }
        [[ $key == name || -z ${recipe[$key]+set} ]] && die "recipe $1: unknown key '$key'"
        recipe[$key]=$value
    done <"$file"
    [[ ${recipe[suite]} != machine ]] || recipe[suite]=$(machine_suite)
    [[ ${recipe[kernel]} ]] || recipe[kernel]=linux-image-cloud-${recipe[arch]}
    [[ -f $lab_dir/scenarios/${recipe[scenario]} ]] || die "recipe $1: no scenario ${recipe[scenario]}"
}

# How the guest's memory is taken: by its own crash kernel, or by the emulator from outside.
recipe_method() {
    case ${recipe[capture]} in
    qemu\ *) echo qemu ;;
    *) echo kdump ;;
    esac
}

recipe_is_sending() { [[ ${recipe[capture]%% *} == sending ]]; }

# Everything that decides how a guest comes out; recipes that agree in it share one boot.
recipe_guest_inputs() {
    local key
    for key in suite arch kernel memory cpus cpu scenario crash append crashkernel raw; do
        echo "$key: ${recipe[$key]}"
    done
    echo "method: $(recipe_method)"
    kernel_packages "${recipe[suite]}" "${recipe[arch]}" "${recipe[kernel]}"
    tool_packages "${recipe[suite]}" "${recipe[arch]}"
    files_fingerprint 'guest/*' lib/images.sh lib/guest.sh "scenarios/${recipe[scenario]}"
}

# recipe_list [sending]: a line for each recipe that this machine can make: its name, and what it is. Those whose guests send
# are no dumps to make.
recipe_list() {
    local name left_out=()
    for name in $(cd "$lab_dir/recipes" && printf '%s\n' * | sort -V); do
        [[ $name != demo ]] || continue
        recipe_read "$name"
        [[ $(recipe_is_sending && echo sending) == "${1:-}" ]] || continue
        if recipe_possible; then
            printf '%-36s %s, %s, %s\n' "$name" "${recipe[suite]}" "${recipe[scenario]}" "${recipe[capture]}"
        else
            left_out+=("$name")
        fi
    done
    ((${#left_out[@]} == 0)) || note "left out for want of an emulator or a compiler (see deps): ${left_out[*]}"
}

recipe_possible() {
    [[ ${recipe[arch]} == amd64 ]] || { command -v qemu-system-aarch64 && command -v aarch64-linux-gnu-gcc; } >/dev/null
}
