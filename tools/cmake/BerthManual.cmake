# SPDX-License-Identifier: MIT
#
# The manual pages: what they say of options and keys comes from the tables that
# the program goes by, so a small program that knows these makes them.

add_executable(berth_manual "${PROJECT_SOURCE_DIR}/tools/manual.c")
target_link_libraries(berth_manual
    PRIVATE berth_core berth_warnings berth_instrumentation)
target_compile_options(berth_manual PRIVATE -fPIE)
target_link_options(berth_manual PRIVATE -pie)
set_target_properties(berth_manual PROPERTIES
    OUTPUT_NAME manual
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tools"
    C_STANDARD 11
    C_EXTENSIONS ON)

# Each stands beside what it is about; the folder is the last part of its name.
set(sources core/berth.8 config/server.yaml.5 tools/berth-conform.1
    tools/new-protocol/berth-new.1 tools/berth-try.1 tools/berthctl.1)
foreach(program IN ITEMS berth-fuzz berth-load)
    if(TARGET ${program})
        list(APPEND sources tools/${program}.1)
    endif()
endforeach()
set(pages)
foreach(source IN LISTS sources)
    cmake_path(GET source FILENAME name)
    string(REGEX REPLACE ".*[.]" "man" folder "${name}")
    set(page "${PROJECT_BINARY_DIR}/man/${folder}/${name}")
    file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/man/${folder}")
    add_custom_command(
        OUTPUT "${page}"
        COMMAND berth_manual "${PROJECT_SOURCE_DIR}/${source}" "${page}"
        DEPENDS berth_manual "${PROJECT_SOURCE_DIR}/${source}"
        VERBATIM)
    list(APPEND pages "${page}")
endforeach()
add_custom_target(manuals ALL DEPENDS ${pages})
