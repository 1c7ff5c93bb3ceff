from tao_servers.get_info import main

main()
