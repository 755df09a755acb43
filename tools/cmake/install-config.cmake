# SPDX-License-Identifier: MIT
#
# Part of cmake --install; given berth_config (the shipped server.yaml),
# berth_schema (its JSON Schema) and berth_sysconfdir. A server.yaml that is there already and differs is the
# administrator's: the shipped one is then put beside it as server.yaml.new.
if(IS_ABSOLUTE "${berth_sysconfdir}")
    set(folder "${berth_sysconfdir}/berth")
elseif(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(folder "/etc/berth") # as the server does, and the FHS
else()
    set(folder "${CMAKE_INSTALL_PREFIX}/${berth_sysconfdir}/berth")
endif()

set(name server.yaml)
set(installed "$ENV{DESTDIR}${folder}/${name}")
if(EXISTS "${installed}")
    file(SHA256 "${installed}" present)
    file(SHA256 "${berth_config}" shipped)
    if(NOT present STREQUAL shipped)
        message(STATUS "Kept: ${installed}")
        set(name server.yaml.new)
    endif()
endif()
file(INSTALL "${berth_config}" DESTINATION "${folder}" RENAME "${name}")
file(INSTALL "${berth_schema}" DESTINATION "${folder}")

# The folder that the shipped server.yaml would serve; an edited page stays.
if(NOT EXISTS "$ENV{DESTDIR}${folder}/www")
    cmake_path(GET berth_config PARENT_PATH source)
    file(INSTALL "${source}/www" DESTINATION "${folder}")
endif()
