# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
# Debian packages of any suite, by the package manager, into private roots: nothing is installed.

# apt_repository PATTERN: the address of this machine's own Debian repository whose release matches.
# shellcheck disable=SC2016
apt_repository() {
    local pattern=$1 uri release
    while read -r uri release; do
        # shellcheck disable=SC2053
        [[ $release == $pattern ]] && { echo "$uri"; return 0; }
    done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages')
    return 1
}

# The Debian release that this machine runs.
machine_suite() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# The suite that another one only adds to; a whole one is its own.
suite_base() {
    case $1 in
    experimental) echo sid ;;
    *) echo "${1%-backports}" ;;
    esac
}

# The lines of a sources.list for a suite: with it come its security updates, and its base.
apt_sources() {
    local suite=$1 base codename main security
    base=$(suite_base "$suite")
    codename=$(machine_suite)
    main=${KMORTEM_LAB_MIRROR:-$(apt_repository "$codename")} || die "no Debian repository in this machine's apt sources; set KMORTEM_LAB_MIRROR"
    security=${KMORTEM_LAB_SECURITY_MIRROR:-$(apt_repository "$codename-security")} || security=
    echo "deb [signed-by=$apt_keyring] $main $base main"
    if [[ $base != "$suite" ]]; then echo "deb [signed-by=$apt_keyring] $main $suite main"; fi
    if [[ $base != sid && $security ]]; then echo "deb [signed-by=$apt_keyring] $security $base-security main"; fi
}

apt_keyring=${KMORTEM_LAB_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

# apt_root_make SUITE ARCH DIR: an empty root with the suite's lists.
apt_root_make() {
    local suite=$1 arch=$2 root=$3 final=${3%.tmp.*}
    mkdir -p "$root"/{lists/partial,archives/partial}
    apt_sources "$suite" >"$root/sources.list"
    : >"$root/status"
    apt_configuration "$suite" "$arch" "$root" >"$root/apt.conf"
    note "reading the package lists of $suite ($arch)"
    apt-get -c "$root/apt.conf" -o APT::Update::Error-Mode=any -qq update >&2 || return 1
    apt_configuration "$suite" "$arch" "$final" >"$root/apt.conf"
}

apt_configuration() {
    local suite=$1 arch=$2 root=$3
    cat <<END
Dir::State "$root";
Dir::State::lists "$root/lists";
Dir::State::status "$root/status";
Dir::Cache "$root";
Dir::Cache::archives "$root/archives";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Etc::sourcelist "$root/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$arch";
APT::Architectures { "$arch"; };
$([[ $(suite_base "$suite") == "$suite" ]] || echo "APT::Default-Release \"$suite\";")
APT::Sandbox::User "";
Acquire::Languages "none";
END
}

# apt_root SUITE ARCH: the directory of the root, made anew each day; without a network, the last one there is.
apt_root() {
    local name=$1-$2 root
    root=$lab_cache/apt/$name-${KMORTEM_LAB_DAY:-$(date -u +%Y%m%d)}
    if [[ ! -d $root ]] && (cache_once "$root" apt_root_make "$1" "$2"); then
        find "$lab_cache/apt" -maxdepth 1 -name "$name-*" -mtime +1 -exec rm -rf {} +
    fi
    if [[ ! -d $root ]]; then
        root=$(find "$lab_cache/apt" -maxdepth 1 -name "$name-[0-9]*[0-9]" | sort | tail -n 1)
        [[ $root ]] || return 1
        note "using the package lists of ${root##*-}"
    fi
    echo "$root"
}

# package_field SUITE ARCH PACKAGE FIELD: of the newest version in the suite.
package_field() {
    local root
    root=$(apt_root "$1" "$2") || return 1
    apt-cache -c "$root/apt.conf" show --no-all-versions "$3" 2>/dev/null |
        sed -n "s/^$4: //p" | head -n 1
}

# package_versions SUITE ARCH PACKAGE…: NAME=VERSION of the newest of each.
package_versions() {
    local root
    root=$(apt_root "$1" "$2") || return 1
    apt-cache -c "$root/apt.conf" show --no-all-versions "${@:3}" |
        awk '/^Package: / { name = $2 } /^Version: / { print name "=" $2 }'
}

# package_unpack SUITE ARCH PACKAGE=VERSION… DIR
package_unpack() {
    local suite=$1 arch=$2 root dir=${*: -1}
    shift 2
    root=$(apt_root "$suite" "$arch") || return 1
    note "fetching $1 ($(($# - 1)) packages)"
    (
        mkdir "$dir/archives" && cd "$dir/archives" &&
            apt-get -c "$root/apt.conf" -qq download "${@:1:$#-1}" >&2 &&
            for deb in *.deb; do dpkg -x "$deb" "$dir" || exit 1; done
    ) && rm -rf "$dir/archives"
}

# kernel_packages SUITE ARCH NAME: NAME=VERSION of the kernel's own packages, the image first. NAME is a package that depends
# on the newest kernel, or a pattern, for the newest of the kernels that it matches.
kernel_packages() {
    local image names
    case $3 in
    *\**) image=$(kernel_newest "$@") ;;
    *) image=$(package_field "$1" "$2" "$3" Depends | grep -o 'linux-image-[^ ,]*' | head -n 1) ;;
    esac
    [[ $image ]] || die "suite $1 has no kernel package $3"
    mapfile -t names < <(package_field "$1" "$2" "$image" Depends | grep -oE 'linux-(binary|modules)-[^ ,]*')
    package_versions "$1" "$2" "$image" "${names[@]}"
}

kernel_newest() {
    local root
    root=$(apt_root "$1" "$2") || return 1
    apt-cache -c "$root/apt.conf" pkgnames "${3%%\**}" | while read -r name; do
        # shellcheck disable=SC2053
        if [[ $name == $3 && $name != *-@(dbg|unsigned) ]]; then echo "$name"; fi
    done | sort -V | tail -n 1
}

# kernel_root SUITE ARCH META: a directory with the kernel and lib/modules/*, modules unpacked, depmod done.
kernel_root() {
    local packages root
    mapfile -t packages < <(kernel_packages "$@")
    [[ ${packages[0]:-} ]] || return 1
    root=$lab_cache/kernels/${packages[0]/=/_}
    cache_once "$root" kernel_root_make "$1" "$2" "${packages[@]}"
    echo "$root"
}

kernel_root_make() {
    local root=${*: -1} release
    package_unpack "$@" || return 1
    [[ -d $root/lib ]] || ln -s usr/lib "$root/lib"
    release=$(kernel_release "$root")
    find "$root/lib/modules/$release/" -name '*.ko.xz' -exec unxz {} +
    # busybox takes only three numbers for a version, as a release candidate's name is not.
    ln -s "$release" "$root/lib/modules/0.0.0"
    busybox depmod -b "$root" 0.0.0
    rm "$root/lib/modules/0.0.0"
    kernel_soft_dependency "$root/lib/modules/$release" ext4 crc32c_generic
}

# Some modules ask for others by a function's name ("softdep"), of which depmod takes no note: adds one to modules.dep.
kernel_soft_dependency() {
    local needed
    needed=$(sed -n "s/^\(.*\/$3\.ko\):.*/\1/p" "$1/modules.dep")
    if [[ $needed ]]; then sed -i "/\/$2\.ko:/s|\$| $needed|" "$1/modules.dep"; fi
}

kernel_release() { basename "$1"/lib/modules/*; }

# The kernel proper: in /boot, or since 7.x beside its modules.
kernel_image() { find "$1"/boot "$1"/lib/modules/ -maxdepth 2 -name 'vmlinuz*' -print -quit 2>/dev/null; }

# tool_packages SUITE ARCH: NAME=VERSION of what the guest runs, with the libraries it needs.
tool_packages() {
    local root names
    root=$(apt_root "$1" "$2") || return 1
    mapfile -t names < <(apt-cache -c "$root/apt.conf" depends --recurse --no-recommends --no-suggests --no-conflicts \
        --no-breaks --no-replaces --no-enhances makedumpfile kexec-tools iproute2 nftables | grep -E '^(lib|zlib1g)' | grep -v perl | sort -u)
    package_versions "$1" "$2" busybox-static kexec-tools makedumpfile iproute2 nftables "${names[@]}" | sort
}

# tool_root SUITE ARCH: a directory with the guest's tools and their libraries.
tool_root() {
    local packages root
    mapfile -t packages < <(tool_packages "$1" "$2")
    root=$lab_cache/tools/$1-$2-$(printf '%s\n' "${packages[@]}" | hash_short)
    cache_once "$root" tool_root_make "$1" "$2" "${packages[@]}"
    echo "$root"
}

tool_root_make() {
    package_unpack "$@" || return 1
    printf '%s\n' "${@:3:$#-3}" >"${*: -1}/packages.txt"
}

# cmd_unpack SUITE ARCH PACKAGE…: for others than the lab's own guests.
cmd_unpack() {
    local packages root
    (($# >= 3)) || usage
    mapfile -t packages < <(package_versions "$@")
    [[ ${packages[0]:-} ]] || die "suite $1 has no package ${*:3}"
    root=$lab_cache/tools/$1-$2-$(printf '%s\n' "${packages[@]}" | hash_short)
    cache_once "$root" package_unpack "$1" "$2" "${packages[@]}"
    echo "$root"
}

tool_find() { find "$1" -type f -path "*bin/$2" -print -quit; }

# root_file ROOT NAME: the file of that name in a root; an absolute link there leads into the root, not out of it.
root_file() {
    local path target
    path=$(find "$1" -name "$2" -print -quit)
    while [[ -L $path ]]; do
        target=$(readlink "$path")
        case $target in
        /*) path=$1$target ;;
        *) path=$(dirname "$path")/$target ;;
        esac
    done
    [[ -f $path ]] && echo "$path"
}

# library_closure ROOT FILE…: the libraries of ROOT that the files need, one path a line, the loader first.
library_closure() {
    local root=$1 file name path
    local -A seen=()
    shift
    while (($#)); do
        file=$1
        shift
        for name in $(readelf -ld "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p; s/.*interpreter: .*\/\(.*\)\]/\1/p'); do
            [[ ${seen[$name]:-} ]] && continue
            seen[$name]=1
            path=$(root_file "$root" "$name") || die "no library $name in $root"
            printf '%s %s\n' "$name" "$path"
            set -- "$@" "$path"
        done
    done
}

# tool_run ROOT NAME ARG…: runs a tool of another suite on this machine, with its own libraries.
tool_run() {
    local root=$1 tool loader path
    tool=$(tool_find "$root" "$2")
    path=$(library_closure "$root" "$tool" | awk '{print $2}' | xargs -n 1 dirname | sort -u | paste -sd:)
    loader=$(root_file "$root" 'ld-linux*')
    shift 2
    "$loader" --library-path "$path" "$tool" "$@"
}
