from tao_servers.text2sql import main

main()
