# SPDX-License-Identifier: MIT
#
# Run by cpack: puts the files of the Debian package into its folder. Given
# build, source, staging (a folder of its own), version and maintainer: see
# BerthPackage.cmake.
find_program(gzip gzip REQUIRED)

# Not CMAKE_INSTALL_PREFIX, which may be that of the system.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
if(NOT root MATCHES "/_CPack_Packages/.")
    message(FATAL_ERROR "Not a folder of cpack: '${root}'")
endif()
set(share "${root}/usr/share")
set(doc "${share}/doc/berth")

function(compress)
    execute_process(COMMAND "${gzip}" -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "DESTDIR=${root}"
        "${CMAKE_COMMAND}" --install "${build}" --prefix /usr --strip
    OUTPUT_QUIET
    COMMAND_ERROR_IS_FATAL ANY)

# All of /etc is the administrator's.
file(GLOB_RECURSE files RELATIVE "${root}" "${root}/etc/*")
list(SORT files)
list(TRANSFORM files PREPEND /)
list(JOIN files "\n" files)
file(WRITE "${staging}/conffiles" "${files}\n")

# The license, of which an empty line is a dot; llhttp is part of http.so.
file(READ "${doc}/LICENSE" license)
file(REMOVE "${doc}/LICENSE")
string(REGEX REPLACE "^.*(Permission is hereby.*[^\n])\n+$" "\\1" license
    "${license}")
string(REPLACE "\n\n" "\n.\n" license "${license}")
string(REPLACE "\n" "\n " license "${license}")
file(WRITE "${doc}/copyright"
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2026 The Berth authors
License: Expat

Files: protocols/http/llhttp
Copyright: 2018 Fedor Indutny
License: Expat
Comment: the parser of HTTP, which may be part of http.so

License: Expat
 ${license}
")

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE "${doc}/changelog.Debian"
"berth (${version}) unstable; urgency=medium

  * As it is released.

 -- ${maintainer}  ${date}
")
compress("${doc}/changelog.Debian")

file(GLOB_RECURSE pages "${share}/man/*")
compress(${pages})

# Where Debian's zsh looks for what packages bring.
if(EXISTS "${share}/zsh/site-functions")
    file(RENAME "${share}/zsh/site-functions" "${share}/zsh/vendor-completions")
endif()
