# SPDX-License-Identifier: MIT
#
# What bash, zsh and fish complete: made of each program's --help, which is made
# of the tables that the program goes by.

add_executable(berth_completion
    "${PROJECT_SOURCE_DIR}/tools/completion.c"
    "${PROJECT_SOURCE_DIR}/tools/completion/help.c")
target_include_directories(berth_completion
    PRIVATE "${PROJECT_SOURCE_DIR}/tools")
target_link_libraries(berth_completion
    PRIVATE berth_warnings berth_instrumentation)
target_compile_options(berth_completion PRIVATE -fPIE)
target_link_options(berth_completion PRIVATE -pie)
set_target_properties(berth_completion PROPERTIES
    OUTPUT_NAME completion
    RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tools"
    C_STANDARD 11
    C_EXTENSIONS ON)

# berth_add_completion(PROGRAM [COMMAND]): COMMAND is the target PROGRAM if it
# is not said. The files are where an installed tree has them, each with the
# name under which the shell looks for it.
set(completions)
set(completion_dir "${PROJECT_BINARY_DIR}/completion")
function(berth_add_completion program)
    set(bash "${completion_dir}/bash-completion/completions/${program}")
    set(zsh "${completion_dir}/zsh/site-functions/_${program}")
    set(fish "${completion_dir}/fish/vendor_completions.d/${program}.fish")
    list(APPEND ARGN ${program})
    list(GET ARGN 0 command)
    foreach(shell IN ITEMS bash zsh fish)
        cmake_path(GET ${shell} PARENT_PATH folder)
        file(MAKE_DIRECTORY "${folder}")
        add_custom_command(
            OUTPUT "${${shell}}"
            COMMAND ${command} --help |
                $<TARGET_FILE:berth_completion> ${shell} ${program}
                "${${shell}}"
            DEPENDS berth_completion ${command}
            VERBATIM)
        list(APPEND completions "${${shell}}")
    endforeach()
    set(completions "${completions}" PARENT_SCOPE)
endfunction()

foreach(program IN ITEMS berth berth-conform berth-fuzz berth-load berth-try berthctl)
    if(TARGET ${program})
        berth_add_completion(${program})
    endif()
endforeach()
berth_add_completion(berth-new "${PROJECT_BINARY_DIR}/bin/berth-new")
add_custom_target(completions ALL DEPENDS ${completions})

install(DIRECTORY "${completion_dir}/" DESTINATION "${CMAKE_INSTALL_DATADIR}")
