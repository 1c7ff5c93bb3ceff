from tao_servers.knowledge import main

main()
